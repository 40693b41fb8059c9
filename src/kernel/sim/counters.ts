/**
 * What the calls have cost: how often each was made, how many bytes it copied and how many pages it
 * passed on by reference. Zero-copy is what leaves `bytesCopied` alone. This module is browser
 * compatible.
 */

/** The counters of one call. */
export interface Tally {
  calls: number;
  /** Bytes that were copied, between a process and the kernel or inside the kernel. */
  bytesCopied: number;
  /** References to pages that were moved or shared in the place of a copy. */
  pagesPassed: number;
}

export class Counters {
  readonly #tallies = new Map<string, Tally>();

  of(call: string): Tally {
    let tally = this.#tallies.get(call);
    if (tally === undefined) {
      tally = { calls: 0, bytesCopied: 0, pagesPassed: 0 };
      this.#tallies.set(call, tally);
    }
    return tally;
  }

  /** Those of all calls that were made, by name. */
  all(): Record<string, Readonly<Tally>> {
    const made = [...this.#tallies].filter(([, { calls }]) => calls > 0);
    return Object.fromEntries(made.map(([name, tally]) => [name, { ...tally }]));
  }
}
