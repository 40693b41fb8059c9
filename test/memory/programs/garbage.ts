/** What a process holds, once the garbage is collected. */
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** How many areas of memory are mapped. */
export const areas = (): number => readFileSync('/proc/self/maps', 'latin1').split('\n').length;

export const descriptors = (): number => readdirSync('/proc/self/fd').length;

/** Memory in use, in bytes. */
export const resident = (): number => process.memoryUsage.rss();

/** Collects until nothing more goes away, and answers the areas that are left. */
export async function collected(): Promise<number> {
  for (let rounds = 0, before = Number.POSITIVE_INFINITY; ; rounds++) {
    collect();
    for (let turns = 0; turns < 3; turns++) await turn();
    const now = areas();
    if (now >= before && rounds > 2) return now;
    before = Math.min(now, before);
  }
}
