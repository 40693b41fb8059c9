/** What the workers of a relay have done, added up and in words. Pure. */
import type { Counts } from './server.js';

export interface Tally extends Counts {
  pipePages: number;
  idlePipes: number;
}

/** One line: for a person the sum; for a machine also each, where there are several. */
export function describe(tallies: readonly Tally[], json: boolean): string {
  const all = sum(tallies);
  if (json) return JSON.stringify(tallies.length > 1 ? { ...all, workers: tallies } : all);
  return (
    `${all.open} connections open of ${all.accepted}; ${all.sent} bytes sent, ` +
    `${all.received} received; ${all.unreached} without a target, ${all.cutOff} cut off, ` +
    `${all.turnedAway} turned away`
  );
}

/** The part at this place when `total` is split as evenly as whole numbers allow. */
export function partOf(total: number, parts: number, at: number): number {
  return Math.floor(total / parts) + (at < total % parts ? 1 : 0);
}

function sum([first, ...others]: readonly Tally[]): Tally {
  const all = { ...(first as Tally) };
  for (const one of others) {
    for (const key of Object.keys(all) as (keyof Tally)[]) all[key] += one[key];
  }
  return all;
}
