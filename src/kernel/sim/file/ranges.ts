/** Sets of whole numbers as ranges: what fallocate(2) has reserved. Browser compatible. */

/** From `start` up to, not including, `end`. */
interface Range {
  readonly start: number;
  readonly end: number;
}

export class RangeSet {
  /** In order, apart from each other. */
  #ranges: Range[] = [];

  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  has(number: number): boolean {
    const range = this.#ranges[this.#firstEndingAfter(number)];
    return range !== undefined && range.start <= number;
  }

  /** How many numbers of the range are in the set. */
  count(start: number, end: number): number {
    let count = 0;
    for (let place = this.#firstEndingAfter(start); place < this.#ranges.length; place++) {
      const range = this.#ranges[place] as Range;
      if (range.start >= end) break;
      count += Math.min(range.end, end) - Math.max(range.start, start);
    }
    return count;
  }

  /** The numbers of the range that are in the set. */
  within(start: number, end: number): number[] {
    const found: number[] = [];
    for (let place = this.#firstEndingAfter(start); place < this.#ranges.length; place++) {
      const range = this.#ranges[place] as Range;
      if (range.start >= end) break;
      const last = Math.min(range.end, end);
      for (let number = Math.max(range.start, start); number < last; number++) found.push(number);
    }
    return found;
  }

  add(start: number, end: number): void {
    // What touches the range becomes one with it.
    const first = this.#firstEndingAfter(start - 1);
    let last = first;
    let range: Range = { start, end };
    for (; last < this.#ranges.length; last++) {
      const other = this.#ranges[last] as Range;
      if (other.start > end) break;
      range = { start: Math.min(range.start, other.start), end: Math.max(range.end, other.end) };
    }
    this.#ranges.splice(first, last - first, range);
  }

  delete(start: number, end: number): void {
    const first = this.#firstEndingAfter(start);
    const left: Range[] = [];
    let last = first;
    for (; last < this.#ranges.length; last++) {
      const range = this.#ranges[last] as Range;
      if (range.start >= end) break;
      if (range.start < start) left.push({ start: range.start, end: start });
      if (range.end > end) left.push({ start: end, end: range.end });
    }
    this.#ranges.splice(first, last - first, ...left);
  }

  /** Every number from `from` on becomes another, by this much more or less. */
  shift(from: number, by: number): void {
    this.#ranges = this.#ranges.flatMap((range) => {
      if (range.end <= from) return [range];
      const moved = { start: Math.max(range.start, from) + by, end: range.end + by };
      return range.start < from ? [{ start: range.start, end: from }, moved] : [moved];
    });
  }

  /** The place of the first range that reaches beyond the number. */
  #firstEndingAfter(number: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle] as Range).end > number) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
