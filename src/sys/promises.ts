/**
 * The calls that can sleep, as promises: the same names, parameters, checks, results and errors,
 * but the call is made on a thread of sluice's own, so that only it sleeps. Each takes
 * `{ signal }` after its last parameter.
 *
 * The threads are not libuv's: four reads that sleep there stop all of fs and dns, and one open of
 * a FIFO makes `process.exit` hang. These are made when they are needed, 64 at most (further calls
 * queue), and end when they are idle. A pending call keeps the program alive; `process.exit` and
 * the end of a worker wake it and do not wait.
 *
 * Differs from the synchronous calls: bytes are copied, so what `buf` or `iov` hold when the call
 * begins is written, and they are filled when the promise resolves, not before. A buffer that was
 * detached, transferred or resized meanwhile is left alone: what was read for it is lost.
 * `vmsplice` gives a copy of the pages. For a descriptor that can be waited for (a pipe, a
 * socket), `Fd` of `sluice` waits without a thread.
 *
 * An abort wakes the call. Where it was over first, or had moved a part, its result is the answer.
 *
 * @example
 * ```ts
 * import { deepEqual, equal, rejects } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * const bytes = Buffer.alloc(16);
 * const reading = sys.promises.read(reader, bytes);
 * sys.write(writer, Buffer.from('late'));
 * equal(await reading, 4);
 * deepEqual(bytes.subarray(0, 4), Buffer.from('late'));
 *
 * const controller = new AbortController();
 * const { signal } = controller;
 * const aborted = sys.promises.read(reader, bytes, { signal });
 * controller.abort();
 * await rejects(aborted, { name: 'AbortError', code: 'ABORT_ERR' });
 * for (const fd of [reader, writer]) sys.close(fd);
 * ```
 */
import { decodeAddress, encodeAddress, SOCKADDR_BYTES } from '../kernel/address.js';
import {
  bytes,
  descriptor,
  integer,
  offset,
  offsetOrNull,
  path,
  size,
  vector,
} from '../kernel/argument.js';
import { F_OFD_SETLKW } from '../kernel/flags.js';
import type { Path } from '../kernel/kernel.js';
import { fcntl as plainFcntl } from './fcntl.js';
import { lockWords } from './fcntl-structures.js';
import { DEFAULT_MODE, howOf, printable } from './file/how.js';
import { place as placeOf } from './mm/mapping.js';
import { type Sleeping, sleeping } from './sleeping.js';
import { numbersOf, receivedOf, roomFor } from './socket/rights.js';

export type { SleepingOptions } from './sleeping.js';

export const read = sleeping('read', {
  decode: (fd, buf) => [descriptor(fd, 'fd'), bytes(buf, 'buf')],
});

export const write = sleeping('write', {
  decode: (fd, buf) => [descriptor(fd, 'fd'), bytes(buf, 'buf')],
});

export const pread = sleeping('pread', {
  decode: (fd, buf, at) => [descriptor(fd, 'fd'), bytes(buf, 'buf'), offset(at, 'offset')],
});

export const pwrite = sleeping('pwrite', {
  decode: (fd, buf, at) => [descriptor(fd, 'fd'), bytes(buf, 'buf'), offset(at, 'offset')],
});

export const readv = sleeping('readv', {
  decode: (fd, iov) => [descriptor(fd, 'fd'), vector(iov, 'iov')],
});

export const writev = sleeping('writev', {
  decode: (fd, iov) => [descriptor(fd, 'fd'), vector(iov, 'iov')],
});

export const preadv = sleeping('preadv', {
  decode: (fd, iov, at) => [descriptor(fd, 'fd'), vector(iov, 'iov'), offset(at, 'offset')],
});

export const pwritev = sleeping('pwritev', {
  decode: (fd, iov, at) => [descriptor(fd, 'fd'), vector(iov, 'iov'), offset(at, 'offset')],
});

export const preadv2 = sleeping('preadv2', {
  decode: (fd, iov, at, flags) => [
    descriptor(fd, 'fd'),
    vector(iov, 'iov'),
    offset(at, 'offset'),
    integer(flags, 'flags'),
  ],
});

export const pwritev2 = sleeping('pwritev2', {
  decode: (fd, iov, at, flags) => [
    descriptor(fd, 'fd'),
    vector(iov, 'iov'),
    offset(at, 'offset'),
    integer(flags, 'flags'),
  ],
});

const setLock = sleeping('fcntl', {
  decode: (fd, op, arg) => [descriptor(fd, 'fd'), integer(op, 'op'), lockWords(arg)],
});

/** F_OFD_SETLKW, the one command that sleeps. Any other is made here and now. */
export const fcntl: Sleeping<'fcntl'> = async (fd, op, arg, options) =>
  op === F_OFD_SETLKW ? setLock(fd, op, arg, options) : plainFcntl(fd, op, arg);

export const splice = sleeping('splice', {
  decode: (fdIn, offIn, fdOut, offOut, len, flags) => [
    descriptor(fdIn, 'fdIn'),
    offsetOrNull(offIn, 'offIn'),
    descriptor(fdOut, 'fdOut'),
    offsetOrNull(offOut, 'offOut'),
    size(len, 'len'),
    integer(flags, 'flags'),
  ],
});

export const tee = sleeping('tee', {
  decode: (fdIn, fdOut, len, flags) => [
    descriptor(fdIn, 'fdIn'),
    descriptor(fdOut, 'fdOut'),
    size(len, 'len'),
    integer(flags, 'flags'),
  ],
});

export const vmsplice = sleeping('vmsplice', {
  decode: (fd, iov, flags) => [descriptor(fd, 'fd'), vector(iov, 'iov'), integer(flags, 'flags')],
});

export const accept4 = sleeping('accept4', {
  decode: (fd, flags) => [
    descriptor(fd, 'fd'),
    integer(flags, 'flags'),
    new Uint8Array(SOCKADDR_BYTES),
  ],
  shape: (fd, [, , address]) => ({ fd, address: decodeAddress(address as Uint8Array) }),
});

export const connect = sleeping('connect', {
  decode: (fd, address) => [descriptor(fd, 'fd'), encodeAddress(address)],
});

export const send = sleeping('send', {
  decode: (fd, buf, flags) => [descriptor(fd, 'fd'), bytes(buf, 'buf'), integer(flags, 'flags')],
});

export const recv = sleeping('recv', {
  decode: (fd, buf, flags) => [descriptor(fd, 'fd'), bytes(buf, 'buf'), integer(flags, 'flags')],
});

export const sendmsg = sleeping('sendmsg', {
  decode: (fd, iov, fds, flags) => [
    descriptor(fd, 'fd'),
    vector(iov, 'iov'),
    numbersOf(fds),
    integer(flags, 'flags'),
  ],
});

export const recvmsg = sleeping('recvmsg', {
  decode: (fd, iov, maxFds, flags) => [
    descriptor(fd, 'fd'),
    vector(iov, 'iov'),
    roomFor(maxFds),
    integer(flags, 'flags'),
    new Int32Array(2),
  ],
  shape: (bytes, [, , fds, , report]) => receivedOf(bytes, fds as Int32Array, report),
});

export const openat = sleeping('openat', {
  decode: (directory, name, flags, mode) => [
    descriptor(directory, 'directory'),
    path(name, 'path'),
    integer(flags, 'flags'),
    mode === undefined ? DEFAULT_MODE : integer(mode, 'mode'),
  ],
  place: named,
});

export const openat2 = sleeping('openat2', {
  decode: (directory, name, how) => [
    descriptor(directory, 'directory'),
    path(name, 'path'),
    ...howOf(how),
  ],
  place: named,
});

export const fallocate = sleeping('fallocate', {
  decode: (fd, mode, at, len) => [
    descriptor(fd, 'fd'),
    integer(mode, 'mode'),
    offset(at, 'offset'),
    offset(len, 'len'),
  ],
});

export const sendfile = sleeping('sendfile', {
  decode: (outFd, inFd, at, count) => [
    descriptor(outFd, 'outFd'),
    descriptor(inFd, 'inFd'),
    offsetOrNull(at, 'offset'),
    size(count, 'count'),
  ],
});

export const copy_file_range = sleeping('copy_file_range', {
  decode: (fdIn, offIn, fdOut, offOut, len, flags) => [
    descriptor(fdIn, 'fdIn'),
    offsetOrNull(offIn, 'offIn'),
    descriptor(fdOut, 'fdOut'),
    offsetOrNull(offOut, 'offOut'),
    size(len, 'len'),
    integer(flags, 'flags'),
  ],
});

export const fsync = sleeping('fsync', { decode: (fd) => [descriptor(fd, 'fd')] });

export const fdatasync = sleeping('fdatasync', { decode: (fd) => [descriptor(fd, 'fd')] });

/**
 * Do not unmap the buffer before the promise is settled:
 * its addresses may be another mapping's then.
 */
export const msync = sleeping('msync', {
  decode: (range, flags) => {
    const { address, length } = placeOf(range);
    return [address, length, integer(flags, 'flags')];
  },
  shape: () => undefined,
  place: () => ({}),
});

function named([, name]: readonly [number, Path, ...unknown[]]): { path: string } {
  return { path: printable(name) };
}
