import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import type { Fd } from '../../src/fd/fd.js';
import { pipe } from '../../src/fd/pipe.js';
import type { Runtime } from '../../src/fd/runtime.js';
import type { Clock } from '../../src/kernel/clock.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { linux } from '../../src/kernel/linux.js';
import { offload } from '../../src/kernel/offload.js';
import { realClock } from '../../src/node/clock.js';
import { linuxRuntime } from '../../src/node/runtime.js';
import { createPoller } from '../../src/poll/poller.js';

/** A runtime of its own on this kernel. */
export function runtimeOver(kernel: Kernel = linux, clock: Clock = realClock): Runtime {
  return {
    kernel,
    clock,
    poller: createPoller(kernel, clock),
    offload: (name, parameters, signal) => offload(kernel, name, parameters, signal),
  };
}

/** What is open, but for what a runtime keeps and who asks. */
export function openFiles(): string[] {
  const names = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
  return names.filter((name) => !/eventpoll|eventfd|^\/proc\//.test(name)).sort();
}

/** A pipe that is full of `bytes` and ended: what a flow reads. */
export function sourceOf(bytes: Uint8Array): Fd {
  const { reader, writer } = pipe(linuxRuntime, { capacity: 1 << 20 });
  assert.equal(linux.write(writer.fd, bytes), bytes.length);
  writer.close();
  return reader;
}

/** Writes all of it, as the reader allows, and closes. A reader that is gone is fine. */
export async function feed(writer: Fd, bytes: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < bytes.length; ) at += await writer.write(bytes.subarray(at));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EPIPE');
  }
  writer.close();
}

/**
 * Reads to the end, or closes after `until` bytes. `next` gives the size of each read and how many
 * turns of the event loop come before it.
 */
export async function drain(
  reader: Fd,
  { until = Number.POSITIVE_INFINITY, next = () => [65536, 0] as readonly [number, number] } = {},
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  while (length < until) {
    const [size, turns] = next();
    for (let turn = 0; turn < turns; turn++) await realClock.yield();
    const buffer = new Uint8Array(Math.min(size, until - length));
    const count = await reader.read(buffer);
    if (count === 0) break;
    pieces.push(buffer.subarray(0, count));
    length += count;
  }
  reader.close();
  return Buffer.concat(pieces);
}
