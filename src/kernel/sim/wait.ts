/**
 * Wait queues: who is told when an object changes. Sleeping calls, epoll, poll(2) and `watch` all
 * wait here. This module is browser compatible.
 *
 * The pattern of use: try; when refused, add a waiter and answer; when woken, try again. A wake-up
 * is a hint, because another caller may have been quicker. Nothing of a user's runs inside a
 * wake-up: a waiter makes a note or schedules a task.
 */

export interface Waiter {
  /**
   * Told of an event. `events` are the bits of poll(2) that may be true now, 0 where the waker does
   * not say. Answers whether it will act, which uses up an exclusive wake-up.
   */
  wake(events: number): boolean;
}

/** A waiter's place in a queue. */
export class Place {
  previous: Place;
  next: Place;

  constructor(
    readonly waiter: Waiter | undefined,
    readonly exclusive: boolean,
  ) {
    this.previous = this;
    this.next = this;
  }

  get isQueued(): boolean {
    return this.next !== this;
  }

  /** Leaves the queue; a second time does nothing. */
  leave(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.previous = this;
    this.next = this;
  }
}

export class WaitQueue {
  /** Neither first nor last: the ring's joint. */
  readonly #joint = new Place(undefined, false);

  get isEmpty(): boolean {
    return !this.#joint.isQueued;
  }

  /** Waits for every event: such waiters are told before the exclusive ones, the latest first. */
  add(waiter: Waiter): Place {
    return insert(new Place(waiter, false), this.#joint);
  }

  /** Waits in turn: an event wakes one exclusive waiter, the one that waits the longest. */
  addExclusive(waiter: Waiter): Place {
    return insert(new Place(waiter, true), this.#joint.previous);
  }

  /** An event: all that wait for every event are told, and one of the exclusive that will act. */
  wake(events = 0): void {
    this.#tell(events, 1);
  }

  /** An event that concerns everybody: the last writer has gone. */
  wakeAll(events = 0): void {
    this.#tell(events, Number.POSITIVE_INFINITY);
  }

  #tell(events: number, exclusive: number): void {
    let left = exclusive;
    for (let place = this.#joint.next; place !== this.#joint && left > 0; ) {
      // A waiter that is told may leave.
      const { next } = place;
      const acts = place.waiter?.wake(events) === true;
      if (acts && place.exclusive) left--;
      place = next;
    }
  }
}

function insert(place: Place, after: Place): Place {
  place.previous = after;
  place.next = after.next;
  after.next.previous = place;
  after.next = place;
  return place;
}
