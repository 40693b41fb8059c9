/**
 * A part of a file to a socket by sendfile(2), without ever stalling the event loop: a `copy` whose
 * ends are known, for who has thousands of them each second. This module is browser compatible.
 */
import type { Runtime } from '../fd/runtime.js';
import { SluiceError } from '../kernel/error.js';
import { Flow } from './flow.js';
import { transfer } from './transfer.js';

export interface SendOptions {
  readonly offset: number;
  readonly length: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends `length` bytes of the regular file `source` from `offset` on into `target`, and resolves
 * when the socket has taken the last.
 *
 * Precondition: `target` is a stream socket with O_NONBLOCK set, and nobody else writes to it
 * meanwhile.
 *
 * Rejects with ERR_SLUICE_SOURCE_TRUNCATED when the file ends early: the promise of a length is
 * broken then, and the connection is good for nothing but a reset.
 */
export async function sendFile(
  runtime: Runtime,
  source: number,
  target: number,
  { offset, length, signal }: SendOptions,
): Promise<void> {
  const known = { size: 0, own: false, blocking: false };
  const from = { ...known, fd: source, kind: 'file' } as const;
  const to = { ...known, fd: target, kind: 'tcp' } as const;
  const flow = new Flow(runtime, from, to, { position: offset, limit: length, signal });
  await transfer(flow, ['sendfile']);
  if (flow.bytes < length) throw truncated(flow.bytes, length);
}

/** A file that is shorter than was promised. */
export function truncated(sent: number, length: number): SluiceError {
  return new SluiceError(
    'ERR_SLUICE_SOURCE_TRUNCATED',
    `the file ended after ${sent} of ${length} bytes`,
  );
}
