/** A queue that grows as it is used, without a move of what is in it. Browser compatible. */
export class Ring<T> {
  /** Its length is a power of two. */
  #places: (T | undefined)[] = new Array(16);
  #tail = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The nth from the oldest, 0. */
  at(index: number): T {
    return this.#places[(this.#tail + index) & (this.#places.length - 1)] as T;
  }

  /** The newest; undefined where there is none. */
  get last(): T | undefined {
    return this.#count === 0 ? undefined : this.at(this.#count - 1);
  }

  push(item: T): void {
    if (this.#count === this.#places.length) this.#grow();
    this.#places[(this.#tail + this.#count++) & (this.#places.length - 1)] = item;
  }

  /** Takes the oldest out. Precondition: there is one. */
  shift(): T {
    const item = this.at(0);
    this.#places[this.#tail] = undefined;
    this.#tail = (this.#tail + 1) & (this.#places.length - 1);
    this.#count--;
    return item;
  }

  #grow(): void {
    const places: (T | undefined)[] = new Array(2 * this.#count);
    for (let index = 0; index < this.#count; index++) places[index] = this.at(index);
    this.#places = places;
    this.#tail = 0;
  }
}
