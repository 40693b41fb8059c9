/**
 * Where rows are registered: with node:test, or in a list, for runtimes whose node:test cannot run
 * them and for whoever wants to know which rows there are.
 */
import { test } from 'node:test';
import type { KernelName } from './differences.js';

export type Run = () => Promise<void>;

/** A row as one kernel runs it. */
export interface Registered {
  readonly ids: readonly string[];
  /** Its ids and its behaviour. */
  readonly name: string;
  readonly kernel: KernelName;
  /** Why it cannot run here. */
  readonly skip: string | false;
  readonly run: Run;
}

/** As node:test has them. */
export interface BesideOptions {
  readonly skip?: string | false;
  readonly timeout?: number;
}

let list: Registered[] | undefined;

/** From now on rows go into this list, and nothing runs by itself. */
export function collect(): readonly Registered[] {
  list ??= [];
  return list;
}

export function register(registered: Registered): void {
  if (list !== undefined) {
    list.push(registered);
    return;
  }
  const { name, kernel, skip, run } = registered;
  test(`${name} [${kernel}]`, { skip, timeout: 60_000 }, run);
}

/** A test that is no row, in a file that has rows: where they are collected it is left out. */
export function beside(
  name: string,
  options: BesideOptions,
  body: () => void | Promise<void>,
): void {
  if (list === undefined) test(name, options, body);
}
