/**
 * One connection on its way to the target: each address in turn, without a thread and without a
 * promise.
 */
import { type Interests, type Runtime, type Watcher, WRITABLE } from '../../fd/runtime.js';
import { EINPROGRESS, ETIMEDOUT } from '../../kernel/errno.js';
import { SystemError } from '../../kernel/error.js';
import * as f from '../../kernel/flags.js';
import { openSocket } from '../connect.js';
import type { Place } from './target.js';

/** Who wants a connection. */
export interface Connecting {
  /** It is there: non-blocking, TCP_NODELAY where that exists. */
  connected(fd: number, tcp: boolean): void;
  /** No address answered; the first refusal. */
  refused(error: Error): void;
}

const ON = new Uint8Array(Int32Array.of(1).buffer);
const NAME = new Uint8Array(16);
const ERROR = new Int32Array(1);

export class Connector implements Watcher {
  readonly #runtime: Runtime;
  readonly #places: readonly Place[];
  readonly #timeoutMs: number;
  readonly #wanted: Connecting;
  #at = -1;
  #fd = -1;
  #refusal: Error | undefined = undefined;
  #stopTimer: (() => void) | undefined = undefined;

  constructor(runtime: Runtime, places: readonly Place[], timeoutMs: number, wanted: Connecting) {
    this.#runtime = runtime;
    this.#places = places;
    this.#timeoutMs = timeoutMs;
    this.#wanted = wanted;
  }

  /** Tries the next address, and the one after it where that is refused at once. */
  next(): void {
    for (this.#at++; this.#at < this.#places.length; this.#at++) {
      const result = this.#begin(this.#places[this.#at] as Place);
      if (result === 0) this.#succeed();
      else if (result === -EINPROGRESS) this.#wait();
      else this.#fail(result);
      if (result === 0 || result === -EINPROGRESS) return;
    }
    this.#wanted.refused(this.#refusal ?? new Error('the target has no address'));
  }

  /** Ends it without an answer. */
  abort(): void {
    this.#stopTimer?.();
    this.#close();
    this.#at = this.#places.length;
  }

  ready(_interests: Interests, _events: number): void {
    const { kernel } = this.#runtime;
    const bytes = new Uint8Array(ERROR.buffer);
    kernel.getsockopt(this.#fd, f.SOL_SOCKET, f.SO_ERROR, bytes);
    const error = ERROR[0] as number;
    if (error === 0 && kernel.getpeername(this.#fd, NAME) < 0) return;
    this.#stopTimer?.();
    if (error === 0) this.#succeed();
    else this.#failAndTryNext(-error);
  }

  forgotten(): void {}

  #begin({ address, bytes }: Place): number {
    const { kernel } = this.#runtime;
    try {
      this.#fd = openSocket(this.#runtime, address, f.SOCK_NONBLOCK);
    } catch (error) {
      this.#refusal ??= error as Error;
      return (error as SystemError).errno;
    }
    if (this.#tcp) kernel.setsockopt(this.#fd, f.IPPROTO_TCP, f.TCP_NODELAY, ON);
    const result = kernel.connect(this.#fd, bytes);
    // On this machine the handshake is over by now, and asking is cheaper than being told.
    if (result === -EINPROGRESS && kernel.getpeername(this.#fd, NAME) >= 0) return 0;
    return result;
  }

  get #tcp(): boolean {
    return this.#places[this.#at]?.address.family !== 'unix';
  }

  #wait(): void {
    const { poller, clock } = this.#runtime;
    const result = poller.watch(this.#fd, WRITABLE, this);
    if (result < 0) this.#failAndTryNext(result, 'epoll_ctl');
    else this.#stopTimer = clock.timer(this.#timeoutMs, () => this.#failAndTryNext(-ETIMEDOUT));
  }

  #failAndTryNext(result: number, syscall = 'connect'): void {
    this.#fail(result, syscall);
    this.next();
  }

  #succeed(): void {
    const fd = this.#fd;
    this.#fd = -1;
    this.#wanted.connected(fd, this.#tcp);
  }

  #fail(result: number, syscall = 'connect'): void {
    this.#refusal ??= new SystemError(result, { syscall });
    this.#close();
  }

  #close(): void {
    if (this.#fd < 0) return;
    this.#runtime.poller.forget(this.#fd);
    this.#runtime.kernel.close(this.#fd);
    this.#fd = -1;
  }
}
