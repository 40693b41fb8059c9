/** Those who serve, seen from the command: this thread alone, or threads beside it. */
import type { Runtime } from '../../fd/runtime.js';
import { reason } from '../failure.js';
import type { Tally } from './tally.js';
import { type Job, RelayWorker } from './worker.js';

export interface Crew {
  /** Resolves when all of them accept. */
  readonly ready: Promise<void>;
  /** Rejects when one of them has died, and all are ended. */
  readonly death: Promise<never>;
  /** What each has done by now. */
  tallies(): Promise<readonly Tally[]>;
  /** Accepts what waits already and no more; resolves when the last connection has ended. */
  drain(): Promise<void>;
  /** Resets every connection; resolves when that is done. */
  abort(): Promise<void>;
}

/** What goes wrong with a connection, in words. */
export type Say = (what: string) => void;

/** More than one job is done by threads; who needs none does not pay for their modules. */
export async function hire(runtime: Runtime, jobs: readonly Job[], say: Say): Promise<Crew> {
  const [job] = jobs;
  if (jobs.length === 1) return new ThisThread(runtime, job as Job, say);
  const { Threads } = await import('./threads.js');
  return new Threads(jobs, say);
}

/** An error nobody catches ends the process by itself. */
class ThisThread implements Crew {
  readonly ready = Promise.resolve();
  readonly death = new Promise<never>(() => {});
  readonly #worker: RelayWorker;

  constructor(runtime: Runtime, job: Job, say: Say) {
    this.#worker = new RelayWorker(runtime, job, (error) => say(reason(error)));
  }

  async tallies(): Promise<readonly Tally[]> {
    return [this.#worker.tally()];
  }

  drain(): Promise<void> {
    return this.#worker.drain();
  }

  abort(): Promise<void> {
    return this.#worker.abort();
  }
}
