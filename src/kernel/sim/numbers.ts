/**
 * A set of small whole numbers that finds the lowest one missing: the numbers of descriptors.
 * Two levels of bits, so that 2^20 numbers are looked through in at most 2^10 steps, and a hint,
 * so that as a rule it is one step. This module is browser compatible.
 */
export class NumberSet {
  /** One bit a number. */
  #words: Uint32Array = new Uint32Array(32);
  /** One bit a word: it has no number missing. */
  #full: Uint32Array = new Uint32Array(1);
  /** Invariant: no number below is missing. */
  #lowest = 0;

  add(number: number): void {
    const word = number >>> 5;
    if (word >= this.#words.length) this.#grow(word);
    const bits = ((this.#words[word] as number) | (1 << (number & 31))) >>> 0;
    this.#words[word] = bits;
    if (bits === ALL) (this.#full[word >>> 5] as number) |= 1 << (word & 31);
    if (number === this.#lowest) this.#lowest++;
  }

  delete(number: number): void {
    const word = number >>> 5;
    if (word >= this.#words.length) return;
    (this.#words[word] as number) &= ~(1 << (number & 31));
    (this.#full[word >>> 5] as number) &= ~(1 << (word & 31));
    if (number < this.#lowest) this.#lowest = number;
  }

  /** The lowest number that is not in the set and not below `from`. */
  lowestMissing(from: number): number {
    const start = Math.max(from, this.#lowest);
    const found = this.#missingFrom(start);
    if (from <= this.#lowest) this.#lowest = found;
    return found;
  }

  #missingFrom(start: number): number {
    const word = start >>> 5;
    const below = 2 ** (start & 31) - 1;
    const here = lowestClear((this.#words[word] ?? 0) | below);
    if (here < 32) return word * 32 + here;
    const next = this.#wordNotFull(word + 1);
    return next * 32 + lowestClear(this.#words[next] ?? 0);
  }

  #wordNotFull(start: number): number {
    let group = start >>> 5;
    let clear = lowestClear((this.#full[group] ?? 0) | (2 ** (start & 31) - 1));
    while (clear === 32) clear = lowestClear(this.#full[++group] ?? 0);
    return group * 32 + clear;
  }

  #grow(word: number): void {
    const length = 2 ** Math.ceil(Math.log2(word + 1));
    this.#words = extended(this.#words, length);
    this.#full = extended(this.#full, Math.ceil(length / 32));
  }
}

const ALL = 0xffffffff;

/** The place of the lowest bit that is 0; 32 where all are 1. */
function lowestClear(bits: number): number {
  const clear = ~bits;
  return clear === 0 ? 32 : 31 - Math.clz32(clear & -clear);
}

function extended(words: Uint32Array, length: number): Uint32Array {
  const longer = new Uint32Array(length);
  longer.set(words);
  return longer;
}
