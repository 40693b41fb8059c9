/** Turns of the event loop, in the place of time. */
import assert from 'node:assert/strict';

/** Lets the event loop turn so often: what is ready by then has been reported. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets the event loop turn until the condition holds; after far too many turns it never will. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    assert.ok(turn < MAX_TURNS, `still not so after ${MAX_TURNS} turns: ${condition}`);
    await turns(1);
  }
}

const MAX_TURNS = 1_000_000;

/** How many turns the event loop makes until the promise is settled. */
export async function turnsUntil(promise: Promise<unknown>): Promise<number> {
  let count = 0;
  let settled = false;
  const end = () => {
    settled = true;
  };
  promise.then(end, end);
  while (!settled) {
    await turns(1);
    count++;
  }
  return count;
}
