/**
 * One worker of a relay: a server with an engine, a target and listening sockets of its own, on
 * whatever thread it is made.
 */
import type { Runtime } from '../../fd/runtime.js';
import { Engine } from '../../flow/engine.js';
import type { Address } from '../connect.js';
import { Gate, gated } from './gate.js';
import { Listener } from './listener.js';
import { Reserve } from './reserve.js';
import { RelayServer, type Report, type ServerOptions } from './server.js';
import type { ListeningSocket } from './sockets.js';
import type { Tally } from './tally.js';
import { Target } from './target.js';

export interface WorkerOptions extends ServerOptions {
  readonly resolveTtlMs: number;
}

/** What a worker does; it crosses to another thread as it is. */
export interface Job {
  readonly sockets: readonly ListeningSocket[];
  readonly target: Address;
  readonly options: WorkerOptions;
  /** Its part of what the pipes of this process may hold. */
  readonly pipePages: number;
  /** The memory of the gate that it shares with the others, if there are any. */
  readonly gate: SharedArrayBuffer | undefined;
}

export class RelayWorker {
  readonly #engine: Engine;
  readonly #server: RelayServer;
  readonly #reserve: Reserve;
  #drained: Promise<void> | undefined = undefined;

  constructor({ kernel, ...others }: Runtime, job: Job, report: Report) {
    const gate = job.gate && new Gate(job.gate);
    const runtime = { ...others, kernel: gate === undefined ? kernel : gated(kernel, gate) };
    const target = new Target(runtime, job.target, job.options.resolveTtlMs);
    this.#engine = new Engine(runtime, job.pipePages);
    this.#server = new RelayServer(this.#engine, target, job.options, report);
    this.#reserve = new Reserve(kernel, gate);
    for (const socket of job.sockets) {
      const listener = new Listener(this.#engine, socket, this.#server, this.#reserve);
      this.#server.add(listener);
      listener.start();
    }
  }

  /** What it has done by now. */
  tally(): Tally {
    const { pages, idle } = this.#engine.pipes;
    return { ...this.#server.counts, pipePages: pages, idlePipes: idle.length };
  }

  /** Accepts what waits already and no more; resolves when the last connection has ended. */
  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  /** Resets every connection; resolves when that is done. */
  abort(): Promise<void> {
    this.#server.abort();
    return this.drain();
  }

  async #drain(): Promise<void> {
    await this.#server.drain();
    this.#reserve.close();
  }
}
