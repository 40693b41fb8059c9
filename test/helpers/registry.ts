/**
 * Where rows are registered: with node:test, or in a list, for runtimes whose node:test cannot run
 * them and for whoever wants to know which rows there are.
 */
import { test } from 'node:test';
import type { KernelName } from './differences.js';

export type Run = () => Promise<void>;

/** A row as one kernel runs it. */
export interface Registered {
  /** Its ids and its behaviour. */
  readonly name: string;
  readonly kernel: KernelName;
  /** Why it cannot run here. */
  readonly skip: string | false;
  readonly run: Run;
}

let list: Registered[] | undefined;

/** From now on rows go into this list, and nothing runs by itself. */
export function collect(): readonly Registered[] {
  list ??= [];
  return list;
}

export function isCollecting(): boolean {
  return list !== undefined;
}

export function register(registered: Registered): void {
  if (list !== undefined) {
    list.push(registered);
    return;
  }
  const { name, kernel, skip, run } = registered;
  test(`${name} [${kernel}]`, { skip, timeout: 60_000 }, run);
}
