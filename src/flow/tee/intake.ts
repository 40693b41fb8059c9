/**
 * Where a tee takes its bytes from: the read end of a pipe, and how many bytes are at its head.
 */
import { untilReady } from '../../fd/ready.js';
import { READABLE, type Runtime } from '../../fd/runtime.js';
import { attempt } from '../../fd/transfer.js';
import { EAGAIN, EINTR } from '../../kernel/errno.js';
import { check, retry, throwIfAborted } from '../../kernel/error.js';
import * as f from '../../kernel/flags.js';
import { call } from '../call.js';
import { isUnsupported } from '../unsupported.js';
import type { TeeEnd } from './end.js';
import type { InnerPipe } from './pipe.js';

export interface Intake {
  /** The read end that holds the next bytes. */
  readonly reader: number;
  /**
   * How many bytes are at the head, at most `most` of which are taken from the source now. Waits
   * for the first; answers 0 at the end of the source.
   *
   * Precondition: nothing of what it answered before is left.
   */
  fill(most: number): Promise<number>;
  close(): void;
}

/** What one call takes from the source at most. */
const PIECE = 1 << 20;

/** The source is a pipe: its bytes stay where they are until every target has them. */
export class PipeIntake implements Intake {
  readonly #runtime: Runtime;
  readonly #signal: AbortSignal;
  readonly #count = new Int32Array(1);

  constructor(
    runtime: Runtime,
    readonly reader: number,
    signal: AbortSignal,
  ) {
    this.#runtime = runtime;
    this.#signal = signal;
  }

  /** The pipe is not ours. */
  close(): void {}

  async fill(): Promise<number> {
    const { kernel, poller } = this.#runtime;
    for (;;) {
      throwIfAborted(this.#signal);
      check(kernel.ioctl(this.reader, f.FIONREAD, this.#count), 'ioctl', this.reader);
      const count = this.#count[0] as number;
      if (count > 0) return count;
      const fds = Int32Array.of(this.reader, f.POLLIN, 0);
      check(
        retry(() => kernel.poll(0, fds)),
        'poll',
      );
      const events = fds[2] as number;
      // Hung up and nothing to read, in one look: no writer is left, and none left a byte behind.
      if (events !== 0 && (events & f.POLLIN) === 0) return 0;
      if (events === 0) await poller.wait(this.reader, READABLE, this.#signal);
    }
  }
}

/**
 * The source is something else, or not all of it is in its pipe: the bytes first go into a pipe of
 * our own.
 */
export class SpliceIntake implements Intake {
  readonly #runtime: Runtime;
  readonly #source: TeeEnd;
  readonly #pipe: InnerPipe;
  readonly #signal: AbortSignal;
  /** Bytes of the source that were read before, and come first. */
  #head: Uint8Array;
  /** Set where the source gives bytes, but no pages. */
  #copies = false;

  constructor(
    runtime: Runtime,
    source: TeeEnd,
    pipe: InnerPipe,
    head: Uint8Array,
    signal: AbortSignal,
  ) {
    this.#runtime = runtime;
    this.#source = source;
    this.#pipe = pipe;
    this.#head = head;
    this.#signal = signal;
  }

  get reader(): number {
    return this.#pipe.reader;
  }

  close(): void {
    this.#pipe.close();
  }

  async fill(most: number): Promise<number> {
    if (this.#head.length > 0) return this.#fillFromHead(most);
    for (let refused = false; ; ) {
      throwIfAborted(this.#signal);
      let filled = await this.#fillOnce(Math.min(most, PIECE));
      if (filled > 0) return filled;
      // At the urgent mark of a connection splice says EAGAIN, or 0 once the peer's FIN is there,
      // before bytes that read gets. So the end, and a refusal after a wait, are asked for twice.
      if (filled === 0 || (filled === -EAGAIN && refused)) {
        filled = await this.#readOnce(most);
        if (filled >= 0) return filled;
      }
      refused = filled === -EAGAIN && !refused;
      if (filled === -EAGAIN) {
        await untilReady(this.#runtime, this.#source.fd, READABLE, this.#signal);
      } else if (isUnsupported(filled) && !this.#copies) this.#copies = true;
      else if (filled !== -EINTR) check(filled, 'splice', this.#source.fd);
    }
  }

  #fillFromHead(most: number): number {
    const piece = this.#head.subarray(0, Math.min(most, this.#pipe.capacity));
    this.#head = this.#head.subarray(piece.length);
    return this.#put(piece);
  }

  #fillOnce(length: number): number | Promise<number> {
    if (this.#copies) return this.#readOnce(length);
    const { fd, sleeps } = this.#source;
    const flags = sleeps ? 0 : f.SPLICE_F_NONBLOCK;
    const parameters = [fd, null, this.#pipe.writer, null, length, flags] as const;
    return call(this.#runtime, sleeps, this.#signal, 'splice', ...parameters);
  }

  async #readOnce(length: number): Promise<number> {
    const buffer = new Uint8Array(Math.min(length, this.#pipe.capacity));
    const { fd } = this.#source;
    const outcome = attempt(this.#runtime.kernel, 'readv', fd, [buffer]);
    if (outcome === 'wait') return -EAGAIN;
    const count =
      outcome === 'sleep'
        ? await this.#runtime.offload('readv', [fd, [buffer]], this.#signal)
        : outcome;
    return count > 0 ? this.#put(buffer.subarray(0, count)) : count;
  }

  /** Precondition: the pipe is empty, and large enough. So the write is whole, and now. */
  #put(bytes: Uint8Array): number {
    const { writer } = this.#pipe;
    for (let at = 0; at < bytes.length; ) {
      const count = retry(() => this.#runtime.kernel.write(writer, bytes.subarray(at)));
      at += check(count, 'write', writer);
    }
    return bytes.length;
  }
}
