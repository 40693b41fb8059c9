/**
 * Through a buffer of this process: works for everything, and never stops the thread, whatever the
 * flags of the two say. Also the cure where a target is ready for bytes and not for pages, or a
 * source is at its urgent mark. This module is browser compatible.
 */
import { untilReady } from '../fd/ready.js';
import { type Interest, READABLE, WRITABLE } from '../fd/runtime.js';
import { attempt, FILE_OFFSET } from '../fd/transfer.js';
import { EAGAIN, EINTR, EIO } from '../kernel/errno.js';
import { check, retry } from '../kernel/error.js';
import type { Flow } from './flow.js';
import type { Mover } from './mover.js';

const BUFFER_BYTES = 256 * 1024;

export class Buffered implements Mover {
  readonly #flow: Flow;
  #buffer: Uint8Array | undefined;
  readonly spent = false;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  async step(): Promise<number> {
    const flow = this.#flow;
    this.#buffer ??= new Uint8Array(Math.min(BUFFER_BYTES, flow.bytesPerTurn, flow.remaining));
    const buffer = this.#buffer.subarray(0, Math.min(this.#buffer.length, flow.remaining));
    const count = await read(flow, buffer);
    if (count <= 0) return count;
    flow.took(count);
    await writeAll(flow, buffer.subarray(0, count));
    return count;
  }

  close(): void {}
}

/** Writes all of `bytes`, however long the target takes. */
export async function writeAll(flow: Flow, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    flow.throwIfStopped();
    const count = await write(flow, bytes.subarray(written));
    if (count === -EAGAIN || count === -EINTR) continue;
    // A target that takes nothing and says nothing would be asked for ever.
    written += check(count === 0 ? -EIO : count, 'write', flow.target.fd);
    flow.gave('read-write', count);
  }
}

function read(flow: Flow, buffer: Uint8Array): number | Promise<number> {
  const { source, runtime, signal } = flow;
  const { kernel } = runtime;
  const position = flow.position ?? FILE_OFFSET;
  if (source.kind === 'memory') return retry(() => kernel.pread(source.fd, buffer, position));
  const outcome = attempt(kernel, 'readv', source.fd, [buffer], position);
  if (outcome === 'wait') return wait(flow, source.fd, READABLE);
  if (outcome !== 'sleep') return outcome;
  if (flow.position === null) return runtime.offload('readv', [source.fd, [buffer]], signal);
  return runtime.offload('preadv', [source.fd, [buffer], position], signal);
}

function write(flow: Flow, bytes: Uint8Array): number | Promise<number> {
  const { target, runtime, signal } = flow;
  const outcome = attempt(runtime.kernel, 'writev', target.fd, [bytes]);
  if (outcome === 'wait') return wait(flow, target.fd, WRITABLE);
  if (outcome === 'sleep') return runtime.offload('writev', [target.fd, [bytes]], signal);
  return outcome;
}

async function wait(flow: Flow, fd: number, interest: Interest): Promise<number> {
  await untilReady(flow.runtime, fd, interest, flow.signal);
  return -EINTR;
}
