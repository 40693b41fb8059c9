/**
 * How a target is told that all has arrived, or that it has not. This module is browser compatible.
 */
import { Fd } from '../fd/fd.js';
import { untilReady } from '../fd/ready.js';
import { READABLE, type Runtime } from '../fd/runtime.js';
import type { Descriptor } from '../kernel/argument.js';
import { EAGAIN, EINTR } from '../kernel/errno.js';
import { check, throwIfAborted } from '../kernel/error.js';
import * as f from '../kernel/flags.js';

/** How long a peer that was sent everything may take to say goodbye. */
const LINGER_MS = 1000;

/** SO_LINGER with no time to linger: close(2) sends RST instead of FIN. */
const LINGER_0 = new Uint8Array(Int32Array.of(1, 0).buffer);

/**
 * Says the end to the peer, and hears its own: closing a socket with unread bytes in it is a reset,
 * and takes from the peer what it has not read yet. Close it afterwards. What is no connection (any
 * more) has nothing to say.
 */
export async function sayEnd(runtime: Runtime, fd: number, signal?: AbortSignal): Promise<void> {
  const { kernel, clock } = runtime;
  if (kernel.shutdown(fd, f.SHUT_WR) < 0) return;
  const deadline = new AbortController();
  const end = () => deadline.abort();
  const cancel = clock.timer(LINGER_MS, end);
  signal?.addEventListener('abort', end);
  const bytes = new Uint8Array(64 * 1024);
  try {
    while (!deadline.signal.aborted) {
      const count = kernel.recv(fd, bytes, f.MSG_DONTWAIT);
      if (count === -EAGAIN) await untilReady(runtime, fd, READABLE, deadline.signal);
      else if (count <= 0 && count !== -EINTR) return;
    }
  } catch {
    throwIfAborted(signal);
  } finally {
    signal?.removeEventListener('abort', end);
    cancel();
  }
}

/**
 * Closes the target, and throws what the system had put off until then: a disk that was full
 * (ENOSPC), a network file system that lost it (EIO).
 */
export function closeTarget(runtime: Runtime, target: Descriptor): void {
  if (target instanceof Fd) {
    target.close();
    return;
  }
  const fd = numberOf(target);
  runtime.poller.forget(fd);
  const result = runtime.kernel.close(fd);
  if (result !== -EINTR) check(result, 'close', fd);
}

/**
 * Closes the target of a copy that failed. Over TCP the peer sees a reset: a clean end would make
 * what it has look like the whole.
 */
export function abandonTarget(runtime: Runtime, target: Descriptor): void {
  if (target instanceof Fd && target.closed) return;
  linger0(runtime, numberOf(target));
  try {
    closeTarget(runtime, target);
  } catch {
    // The copy has failed with an error that says more.
  }
}

/** Has close(2) send a reset; of no concern to what is no connection. */
export function linger0({ kernel }: Runtime, fd: number): void {
  kernel.setsockopt(fd, f.SOL_SOCKET, f.SO_LINGER, LINGER_0);
}

function numberOf(target: Descriptor): number {
  return typeof target === 'number' ? target : target.fd;
}
