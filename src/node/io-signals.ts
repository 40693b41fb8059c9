/**
 * `ioSignals` on this machine's kernel, for this process.
 */
import type { Descriptor } from '../kernel/argument.js';
import {
  createIoSignals,
  type IoSignal,
  type IoSignalOptions,
  type IoSignals,
} from '../poll/io-signals.js';
import { linuxRuntime } from './runtime.js';

/**
 * Signal-driven I/O: Linux sends a signal when something happens to the descriptor (O_ASYNC), and
 * here each one is an element of an async iteration. While it runs the process owns the
 * descriptor's signals (F_SETOWN), and the signal's handler is sluice's. Afterwards the handler is
 * what it was, unless another was put on top, and the descriptor has no owner and sends none.
 *
 * An `Fd` is lent until the iteration is over, and to close it ends the iteration.
 *
 * SIGIO and SIGURG do not say which descriptor they are about, and two that come close together are
 * one: those registered are asked by poll(2). A real-time signal names descriptor and event, and
 * queues.
 *
 * @param fd a pipe, FIFO, socket or terminal
 * @param options.ioSignal a signal to send instead of SIGIO; 34 to 64 are the real-time ones
 * @param options.signal ends the iteration with an AbortError
 * @returns an iterator over { signal, fd, band }, `band` in the bits of poll(2); leaving the loop
 *   ends it
 * @throws ERR_SLUICE_SIGNAL the signal belongs to the kernel, the C library, V8 or libuv, the
 *   descriptor has I/O signals already, or sends none (a regular file), or another thread of this
 *   process iterates: one can at a time; ERR_SLUICE_CLOSED the `Fd` was closed, before or during
 *   the iteration; EBADF not open; ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE as named
 * @see fcntl(2), F_SETSIG; signal(7)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { ioSignals, pipe } from 'sluice';
 * import { POLLIN } from 'sluice/sys';
 *
 * using p = pipe();
 * const signals = ioSignals(p.reader, { ioSignal: 40 }); // from here on
 * await p.writer.write(Buffer.from('x'));
 * for await (const event of signals) {
 *   equal(event.signal, 40);
 *   equal(event.fd, p.reader.fd);
 *   equal(event.band & POLLIN, POLLIN);
 *   break;
 * }
 * ```
 */
export function ioSignals(
  fd: Descriptor,
  options?: IoSignalOptions,
): AsyncIterableIterator<IoSignal> {
  iterate ??= createIoSignals(linuxRuntime, process.pid);
  return iterate(fd, options);
}

let iterate: IoSignals | undefined;
