/**
 * The door of sleep: a call that is tried, sleeps on a wait queue and is tried again until it
 * answers. This module is browser compatible.
 */
import { EINTR } from '../errno.js';
import { type Call, type Outcome, WOULD_SLEEP } from './call.js';
import type { Place, Waiter } from './wait.js';

/** Queued: a task will try it. Asleep: in a wait queue. */
type State = 'new' | 'queued' | 'asleep' | 'over';

export class Sleeper implements Waiter {
  #state: State = 'new';
  #place: Place | undefined;
  #outcome: Outcome | undefined;
  #isInterrupted = false;

  /**
   * @param start the call up to its first attempt
   * @param done gets the answer, as a task
   */
  constructor(
    readonly call: Call,
    readonly start: () => Outcome,
    readonly done: (result: number) => void,
  ) {
    this.#schedule(() => this.#try());
  }

  get isAsleep(): boolean {
    return this.#state === 'asleep';
  }

  wake(): boolean {
    if (this.#state !== 'asleep') return false;
    this.#leave();
    this.#state = 'queued';
    this.#schedule(() => this.#try());
    return true;
  }

  /**
   * A signal ends the sleep. A call that has been woken is tried once more first, so that no
   * wake-up is lost.
   */
  interrupt(): 0 {
    if (this.#state === 'new') this.#finishLater(-EINTR);
    else if (this.#state === 'asleep') this.#finishLater(this.call.interrupted);
    else this.#isInterrupted = true;
    return 0;
  }

  /**
   * A handler has run. With SA_RESTART the call goes on, unless it has moved something already:
   * that much is its answer then.
   */
  handled(restarts: boolean): void {
    const goesOn = restarts && this.call.done === 0;
    if (this.#state !== 'new' && !goesOn) this.interrupt();
  }

  /** The process is gone: nobody is told. */
  drop(): void {
    this.#leave();
    if (this.#state !== 'over') this.call.end();
    this.#state = 'over';
  }

  #try(): void {
    if (this.#state === 'over') return;
    this.#outcome ??= this.start();
    const result = typeof this.#outcome === 'number' ? this.#outcome : this.#outcome(this.call);
    if (this.#ended()) return;
    if (result !== WOULD_SLEEP) this.#finish(result);
    else if (this.#isInterrupted) this.#finish(this.call.interrupted);
    else this.#sleep();
  }

  /** A signal that the attempt raised has ended the caller. */
  #ended(): boolean {
    return this.#state === 'over';
  }

  #sleep(): void {
    const { queue, isExclusive } = this.call;
    if (queue === undefined) throw new Error('sluice: a call would sleep on no queue');
    this.call.hasSlept = true;
    this.#state = 'asleep';
    this.#place = isExclusive ? queue.addExclusive(this) : queue.add(this);
  }

  #finishLater(result: number): void {
    this.#leave();
    this.#state = 'over';
    this.call.end();
    this.#schedule(() => this.done(result));
  }

  #finish(result: number): void {
    this.#state = 'over';
    this.call.end();
    this.done(result);
  }

  #leave(): void {
    this.#place?.leave();
    this.#place = undefined;
  }

  #schedule(task: () => void): void {
    this.call.caller.machine.schedule(task);
  }
}
