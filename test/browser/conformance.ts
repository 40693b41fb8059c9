/**
 * The conformance harness where there is no node:test, and but one kernel: in the place of
 * test/helpers/conformance.ts in the bundle of the rows.
 */
import type { RowOptions } from '../helpers/conformance.js';
import { type Body, difference, onSim } from '../helpers/sim-row.js';

/** How a row ended: it passed where neither is there. */
export interface Outcome {
  readonly name: string;
  readonly skipped?: string;
  readonly failed?: string;
}

const TIMEOUT_MS = 20_000;

const rows: (() => Promise<Outcome>)[] = [];

export function row(
  ids: string | readonly string[],
  behaviour: string,
  body: Body,
  { skip = false }: RowOptions = {},
): void {
  const all = typeof ids === 'string' ? [ids] : ids;
  const name = `${all.join(' ')}: ${behaviour}`;
  const skipped = difference(all) ?? skip;
  rows.push(skipped ? async () => ({ name, skipped }) : () => run(name, body));
}

/** All rows, one after the other. */
export async function outcomes(): Promise<Outcome[]> {
  const all: Outcome[] = [];
  for (const one of rows) all.push(await one());
  return all;
}

async function run(name: string, body: Body): Promise<Outcome> {
  try {
    await inTime(onSim(body));
  } catch (error) {
    const failed = error instanceof Error ? `${error}\n${error.stack}` : String(error);
    return { name, failed };
  }
  return { name };
}

async function inTime(row: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, TIMEOUT_MS, new Error(`not done after ${TIMEOUT_MS} ms`));
  });
  await Promise.race([row, late]).finally(() => clearTimeout(timer));
}
