/** The threads of a relay, seen from the thread that started them. */
import { Worker as Thread } from 'node:worker_threads';
import { Failure } from '../failure.js';
import type { Crew, Say } from './crew.js';
import type { Tally } from './tally.js';
import type { Message, Order } from './thread.js';
import type { Job } from './worker.js';

export class Threads implements Crew {
  readonly ready: Promise<void>;
  readonly death: Promise<never>;
  readonly #members: readonly Member[];

  constructor(jobs: readonly Job[], say: Say) {
    this.#members = jobs.map((job, at) => new Member(at + 1, job, say));
    this.ready = this.#untilReady();
    this.death = this.#untilDeath();
    // Whoever waits for the death of one hears of it; if nobody does yet, that is no error of ours.
    this.death.catch(() => {});
  }

  tallies(): Promise<readonly Tally[]> {
    return Promise.all(this.#members.map((member) => member.tally()));
  }

  drain(): Promise<void> {
    return this.#untilEnded('drain');
  }

  abort(): Promise<void> {
    return this.#untilEnded('abort');
  }

  async #untilReady(): Promise<void> {
    await Promise.all(this.#members.map(({ ready }) => ready));
  }

  async #untilEnded(order: Order): Promise<void> {
    for (const member of this.#members) member.order(order);
    await Promise.all(this.#members.map(({ ended }) => ended));
  }

  /** What one of them held is lost, and the others go with it, as if there were no threads. */
  async #untilDeath(): Promise<never> {
    try {
      return await Promise.race(this.#members.map(({ death }) => death));
    } finally {
      await Promise.all(this.#members.map((member) => member.terminate()));
    }
  }
}

class Member {
  /** These two never reject. */
  readonly ready: Promise<void>;
  readonly ended: Promise<Tally>;
  /** Rejects when it is over before it has ended. */
  readonly death: Promise<never>;
  readonly #thread: Thread;
  readonly #say: Say;
  readonly #asking: ((tally: Tally) => void)[] = [];
  #begin: () => void = () => {};
  #end: (tally: Tally) => void = () => {};
  #last: Tally | undefined = undefined;

  constructor(number: number, job: Job, say: Say) {
    this.#say = say;
    this.#thread = new Thread(new URL('./thread.js', import.meta.url), { workerData: job });
    this.#thread.on('message', (message: Message) => this.#hear(message));
    this.ready = new Promise((resolve) => {
      this.#begin = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.death = new Promise((_, reject) => {
      const die = (what: string) => reject(new Failure(`worker ${number}: ${what}`));
      this.#thread.once('error', (error) => die(error.stack ?? String(error)));
      this.#thread.once('exit', (code) => {
        if (this.#last === undefined) die(`it ended by itself, with ${code}`);
      });
    });
  }

  /** The last one when it has ended. Those asked for are answered in turn. */
  tally(): Promise<Tally> {
    if (this.#last !== undefined) return Promise.resolve(this.#last);
    return new Promise((resolve) => {
      this.#asking.push(resolve);
      this.order('tally');
    });
  }

  order(order: Order): void {
    this.#thread.postMessage(order);
  }

  async terminate(): Promise<void> {
    await this.#thread.terminate();
  }

  #hear(message: Message): void {
    if (message.kind === 'trouble') this.#say(message.what);
    else if (message.kind === 'ready') this.#begin();
    else if (message.kind === 'tally') this.#asking.shift()?.(message.tally);
    else this.#hearEnd(message.tally);
  }

  #hearEnd(tally: Tally): void {
    this.#last = tally;
    this.#end(tally);
    for (const answer of this.#asking.splice(0)) answer(tally);
  }
}
