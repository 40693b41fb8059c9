/**
 * One step of each method: a bounded piece from source to target. This module is browser
 * compatible.
 */

import { isReady } from '../fd/ready.js';
import { READABLE } from '../fd/runtime.js';
import { EAGAIN } from '../kernel/errno.js';
import { SPLICE_F_NONBLOCK } from '../kernel/flags.js';
import { Buffered } from './buffered.js';
import { call } from './call.js';
import type { Flow } from './flow.js';
import { Piped } from './piped.js';
import { enlarge } from './pipes.js';
import { isStored, type Method } from './route.js';
import { Stored } from './stored.js';

export interface Mover {
  /**
   * n > 0 that have left the source (and are counted, there and at the target), 0 at its end, or
   * −errno where nothing has.
   */
  step(): number | Promise<number>;
  /**
   * The method has shown that it does not work for these two, and what it had taken has arrived.
   */
  readonly spent: boolean;
  close(): void;
}

/**
 * Starts the method. Where it needs something that cannot be had now (a pipe), it is spent at once.
 */
export function startMover(flow: Flow, method: Method): Mover {
  switch (method) {
    case 'copy_file_range':
      return new Stored(flow, method, (count) => copyFileRange(flow, count));
    case 'sendfile':
      if (isStored(flow.target.kind)) {
        return new Stored(flow, method, (count) => sendFile(flow, true, count));
      }
      return plain(flow, method, () => sendFile(flow, ...measure(flow, flow.position)));
    case 'splice':
      if (flow.source.kind === 'pipe' && isStored(flow.target.kind)) {
        enlarge(flow.runtime.kernel, flow.source.fd);
      }
      return plain(flow, method, () => splice(flow));
    case 'splice-pipe':
      return new Piped(flow);
    case 'read-write':
      return new Buffered(flow);
  }
}

/** Between a disk and a network: no longer than the network takes to send it. */
const COLD_PIECE = 2 * 1024 * 1024;

function plain(flow: Flow, method: Method, step: () => number | Promise<number>): Mover {
  const settle = (result: number) => {
    if (result <= 0) return result;
    flow.took(result);
    flow.gave(method, result);
    return result;
  };
  return {
    step: () => {
      const result = step();
      return typeof result === 'number' ? settle(result) : result.then(settle);
    },
    spent: false,
    close: () => {},
  };
}

function copyFileRange(flow: Flow, count: number): number | Promise<number> {
  const { runtime, source, target, position, signal } = flow;
  const parameters = [source.fd, position, target.fd, null, count, 0] as const;
  return call(runtime, true, signal, 'copy_file_range', ...parameters);
}

function sendFile(flow: Flow, sleeps: boolean, count: number): number | Promise<number> {
  const { runtime, source, target, position, signal } = flow;
  return call(runtime, sleeps, signal, 'sendfile', target.fd, source.fd, position, count);
}

function splice(flow: Flow): number | Promise<number> {
  const { runtime, source, target, position, signal } = flow;
  const [sleeps, count] = measure(flow, position);
  const from = source.kind === 'pipe' ? null : position;
  // A thread would come back with the same.
  if (sleeps && from === null && !isReady(runtime.kernel, source.fd, READABLE)) return -EAGAIN;
  const parameters = [source.fd, from, target.fd, null, count, SPLICE_F_NONBLOCK] as const;
  return call(runtime, sleeps, signal, 'splice', ...parameters);
}

/** Whether the next piece has to wait for a disk, and how large it may be. */
function measure(flow: Flow, position: number | null): readonly [sleeps: boolean, count: number] {
  const { source, target, remaining } = flow;
  const count = Math.min(remaining, flow.bytesPerTurn);
  const cold = isStored(source.kind) && !flow.isWarm(position ?? 0, count);
  const sleeps = cold || isStored(target.kind);
  return [sleeps, sleeps ? Math.min(remaining, COLD_PIECE) : count];
}
