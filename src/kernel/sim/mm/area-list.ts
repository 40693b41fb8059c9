/**
 * The areas of an address space in the order of their addresses. This module is browser compatible.
 */
import type { Area } from './area.js';

/** vm.max_map_count */
export const MOST_AREAS = 65530;

export class AreaList {
  readonly #areas: Area[] = [];
  /** Where the last one asked for was. */
  #last = 0;
  /** How many bytes of addresses there are in all areas. */
  bytes = 0;

  get count(): number {
    return this.#areas.length;
  }

  /** Whether no area may be cut in two any more. */
  get isFull(): boolean {
    return this.#areas.length >= MOST_AREAS;
  }

  [Symbol.iterator](): IterableIterator<Area> {
    return this.#areas[Symbol.iterator]();
  }

  /** The area that has the address. */
  at(address: number): Area | undefined {
    const last = this.#areas[this.#last];
    if (last !== undefined && last.start <= address && address < last.end) return last;
    const place = this.#placeOf(address);
    const area = this.#areas[place];
    if (area === undefined || area.start > address) return undefined;
    this.#last = place;
    return area;
  }

  /** Those that have addresses from `start` up to `end`, whole. */
  within(start: number, end: number): Area[] {
    return this.#areas.slice(this.#placeOf(start), this.#placeAfter(end));
  }

  isFree(start: number, end: number): boolean {
    return (this.#areas[this.#placeOf(start)]?.start ?? end) >= end;
  }

  /** How many bytes from `start` up to `end` are in areas. */
  bytesWithin(start: number, end: number): number {
    const sizes = this.within(start, end).map(
      (area) => Math.min(area.end, end) - Math.max(area.start, start),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** The highest free place of this length, a multiple of `alignment`, in a range of addresses. */
  highestFree(low: number, high: number, length: number, alignment: number): number | undefined {
    let end = high;
    for (let index = this.#placeAfter(high) - 1; index >= -1; index--) {
      const area = this.#areas[index];
      const start = Math.max(area?.end ?? low, low);
      const place = end - length - ((end - length) % alignment);
      if (place >= start) return place;
      end = Math.min(area?.start ?? low, end);
    }
    return undefined;
  }

  /** Whether the address is inside a huge page. */
  isInsideHugePage(address: number): boolean {
    const area = this.at(address);
    return area !== undefined && (address - area.start) % area.kind.pageBytes !== 0;
  }

  /** From now on an area begins at the address, if one has it at all. */
  cut(address: number): void {
    const place = this.#placeOf(address);
    const area = this.#areas[place];
    if (area === undefined || area.start >= address) return;
    this.#areas.splice(place + 1, 0, area.cut(address));
  }

  /** Precondition: its addresses are free. */
  add(area: Area): void {
    this.#areas.splice(this.#placeOf(area.start), 0, area);
    this.bytes += area.length;
    this.join(area.start, area.end);
  }

  /** Takes those from `start` up to `end` out. Precondition: both are cut. */
  take(start: number, end: number): Area[] {
    const place = this.#placeOf(start);
    const taken = this.#areas.splice(place, this.#placeAfter(end) - place);
    for (const area of taken) this.bytes -= area.length;
    return taken;
  }

  /** The area has so many bytes more. Precondition: they are free. */
  grow(area: Area, bytes: number): void {
    area.end += bytes;
    this.bytes += bytes;
    this.join(area.start, area.end);
  }

  /** Areas from `start` up to `end`, and their neighbours, become one where they are alike. */
  join(start: number, end: number): void {
    const first = Math.max(1, this.#placeOf(start));
    for (let place = this.#placeAfter(end); place >= first; place--) {
      const [before, area] = [this.#areas[place - 1], this.#areas[place]];
      if (before === undefined || area === undefined || !before.continuesIn(area)) continue;
      this.#areas.splice(place, 1);
      before.end = area.end;
      area.release();
    }
  }

  /** Of the first area that ends behind the address. */
  #placeOf(address: number): number {
    return this.#lowest((area) => area.end > address);
  }

  /** Of the first area that begins at the address or behind it. */
  #placeAfter(address: number): number {
    return this.#lowest((area) => area.start >= address);
  }

  #lowest(isBehind: (area: Area) => boolean): number {
    let low = 0;
    let high = this.#areas.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBehind(this.#areas[middle] as Area)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
