/** Runs the rows of the sim kernel in the page. In the bundle it comes before the rows. */
import { collect, type Registered } from '../helpers/registry.js';

const rows = collect();

/** How a row ended: it passed where `failed` is not there. */
export interface Outcome {
  readonly name: string;
  readonly failed?: string;
}

const TIMEOUT_MS = 20_000;

/** All rows of the sim kernel, one after the other. */
export async function outcomes(): Promise<Outcome[]> {
  const all: Outcome[] = [];
  for (const row of rows) if (row.kernel === 'sim') all.push(await outcome(row));
  return all;
}

async function outcome({ name, run }: Registered): Promise<Outcome> {
  try {
    await inTime(run());
    return { name };
  } catch (error) {
    return { name, failed: error instanceof Error ? `${error.stack}` : String(error) };
  }
}

async function inTime(row: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, TIMEOUT_MS, new Error(`not done after ${TIMEOUT_MS} ms`));
  });
  await Promise.race([row, late]).finally(() => clearTimeout(timer));
}
