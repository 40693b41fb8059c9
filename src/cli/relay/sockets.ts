/**
 * The listening sockets of a relay: opened all or none, with a share of them for each worker.
 *
 * - At an address of TCP each worker has a socket of its own (SO_REUSEPORT), and Linux spreads the
 *   connections over them.
 * - A Unix socket, and one of systemd, is a single queue that all workers accept from, each by a
 *   duplicate.
 */
import { rmSync } from 'node:fs';
import type { Runtime } from '../../fd/runtime.js';
import type { SocketAddress } from '../../kernel/address.js';
import { check } from '../../kernel/error.js';
import * as f from '../../kernel/flags.js';
import { bindTo, localAddress, resolve, showAddress } from '../connect.js';
import { Failure, failure } from '../failure.js';
import { type Listen, nameOf } from './endpoints.js';
import { PassedSockets } from './passed.js';

/** What a worker is given; it crosses to another thread as it is. */
export interface ListeningSocket {
  /** A number of the worker's own, which it closes. */
  readonly fd: number;
  readonly tcp: boolean;
  /** systemd has it too, and listens on: what waits in the queue is for the next process. */
  readonly passed: boolean;
}

const ON = new Uint8Array(Int32Array.of(1).buffer);

export class Sockets {
  /** Where is really listened, in the order of the endpoints. */
  readonly addresses: string[] = [];
  /** One for each worker. */
  readonly shares: readonly ListeningSocket[][];
  readonly #runtime: Runtime;
  readonly #opened: number[] = [];
  readonly #files: string[] = [];
  #passed: PassedSockets | undefined = undefined;

  private constructor(runtime: Runtime, workers: number) {
    this.#runtime = runtime;
    this.shares = Array.from({ length: workers }, () => []);
  }

  /** Throws a Failure that names the endpoint, and nothing is open then. */
  static async open(
    runtime: Runtime,
    endpoints: readonly Listen[],
    workers: number,
  ): Promise<Sockets> {
    const sockets = new Sockets(runtime, workers);
    for (const endpoint of endpoints) {
      try {
        await sockets.#open(endpoint);
      } catch (error) {
        sockets.#abandon();
        const name = nameOf(endpoint);
        if (error instanceof Failure) throw new Failure(`${name}: ${error.message}`);
        throw failure(name, error);
      }
    }
    return sockets;
  }

  /** Those of the Unix sockets made here: nobody new finds them then. */
  removeFiles(): void {
    for (const path of this.#files.splice(0)) rmSync(path, { force: true });
  }

  async #open(endpoint: Listen): Promise<void> {
    if (endpoint.kind === 'systemd') {
      this.#passed ??= PassedSockets.read(this.#runtime, process.env, process.pid);
      for (const fd of this.#passed.take(endpoint.name)) this.#share(fd, true);
      return;
    }
    const [address] = await resolve(endpoint);
    const fd = this.#bind(address as SocketAddress, false);
    if (endpoint.kind === 'unix') this.#files.push(endpoint.path);
    this.#share(fd, false);
  }

  #share(fd: number, passed: boolean): void {
    const address = localAddress(this.#runtime, fd);
    this.addresses.push(showAddress(address));
    const tcp = address.family !== 'unix';
    if (tcp && !passed && this.shares.length > 1) this.#allowOthers(fd);
    for (const [at, share] of this.shares.entries()) {
      const own = at === 0 ? fd : this.#another(fd, tcp && !passed ? address : undefined);
      // What is accepted inherits it.
      if (tcp) this.#runtime.kernel.setsockopt(own, f.IPPROTO_TCP, f.TCP_NODELAY, ON);
      share.push({ fd: own, tcp, passed });
    }
  }

  /**
   * Only when it listens: if it had been bound with SO_REUSEPORT, two relays could be started at
   * one address, and neither would hear of the other.
   */
  #allowOthers(fd: number): void {
    const result = this.#runtime.kernel.setsockopt(fd, f.SOL_SOCKET, f.SO_REUSEPORT, ON);
    check(result, 'setsockopt', fd);
  }

  /** A socket beside it at the same address; where none is given, a duplicate. */
  #another(fd: number, address: SocketAddress | undefined): number {
    if (address !== undefined) return this.#bind(address, true);
    return this.#keep(check(this.#runtime.kernel.fcntl(fd, f.F_DUPFD_CLOEXEC, 0), 'fcntl', fd));
  }

  #bind(address: SocketAddress, beside: boolean): number {
    return this.#keep(bindTo(this.#runtime, address, f.SOMAXCONN, f.SOCK_NONBLOCK, beside));
  }

  #keep(fd: number): number {
    this.#opened.push(fd);
    return fd;
  }

  #abandon(): void {
    for (const fd of this.#opened) this.#runtime.kernel.close(fd);
    this.removeFiles();
  }
}
