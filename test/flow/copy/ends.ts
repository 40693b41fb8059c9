import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { EAGAIN } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { linuxRuntime as runtime } from '../../../src/node/runtime.js';
import { succeeds } from '../../helpers/claims.js';
import { openDescriptors as everyDescriptor } from '../../helpers/linux-row.js';
import { tcpPair } from '../../helpers/sockets.js';

export { runtime };

const { kernel } = runtime;

/** Closes the descriptor when the test ends; answers it. */
export function keep(t: TestContext, fd: number): number {
  succeeds(fd);
  t.after(() => {
    runtime.poller.forget(fd);
    kernel.close(fd);
  });
  return fd;
}

function pair(t: TestContext, make: (fds: Int32Array) => number): [number, number] {
  const fds = new Int32Array(2);
  succeeds(make(fds), 0);
  return [keep(t, fds[0] as number), keep(t, fds[1] as number)];
}

/** [reader, writer] */
export function pipe(t: TestContext, flags: number = f.O_NONBLOCK): [number, number] {
  return pair(t, (fds) => kernel.pipe2(flags | f.O_CLOEXEC, fds));
}

/** Connected Unix stream sockets. */
export function sockets(t: TestContext, flags: number = f.SOCK_NONBLOCK): [number, number] {
  const type = f.SOCK_STREAM | f.SOCK_CLOEXEC | flags;
  return pair(t, (fds) => kernel.socketpair(f.AF_UNIX, type, 0, fds));
}

/** A TCP connection over loopback: [client, server]. */
export function tcp(t: TestContext, flags?: number): [number, number] {
  const [client, server] = tcpPair(kernel, flags);
  return [keep(t, client), keep(t, server)];
}

/** A file in memory. */
export function memfd(t: TestContext, content: Uint8Array, flags = 0): number {
  const fd = keep(t, kernel.memfd_create('copy', f.MFD_CLOEXEC));
  succeeds(kernel.pwrite(fd, content, 0), content.length);
  if (flags !== 0) succeeds(kernel.fcntl(fd, f.F_SETFL, flags), 0);
  return fd;
}

/** An unnamed file of the disk that holds the temporary files. */
export function diskFile(t: TestContext, content: Uint8Array, flags = 0): number {
  const bits = f.O_TMPFILE | f.O_RDWR | f.O_CLOEXEC | flags;
  const fd = keep(t, kernel.openat(f.AT_FDCWD, '/tmp', bits, 0o600));
  if (content.length > 0) succeeds(kernel.write(fd, content), content.length);
  succeeds(kernel.lseek(fd, 0, f.SEEK_SET, new BigInt64Array(1)), 0);
  return fd;
}

export function device(t: TestContext, path: string, flags: number = f.O_RDWR): number {
  return keep(t, kernel.openat(f.AT_FDCWD, path, flags | f.O_CLOEXEC | f.O_NOCTTY, 0));
}

export function contentOf(fd: number): Buffer {
  return readFileSync(`/proc/self/fd/${fd}`);
}

/** Writes everything, from threads and in its time, and ends the stream. */
export async function feed(fd: number, content: Uint8Array): Promise<void> {
  let written = 0;
  while (written < content.length) {
    const count = await runtime.offload('write', [fd, content.subarray(written)]);
    if (count === -EAGAIN) await runtime.poller.wait(fd, 4);
    else written += succeeds(count);
  }
  endOf(fd);
}

/** Ends the stream. The number of a pipe stays open, for the test owns it, but no longer a pipe. */
export function endOf(fd: number): void {
  if (kernel.shutdown(fd, f.SHUT_WR) === 0) return;
  const nothing = succeeds(kernel.openat(f.AT_FDCWD, '/dev/null', f.O_WRONLY | f.O_CLOEXEC, 0));
  runtime.poller.forget(fd);
  succeeds(kernel.dup3(nothing, fd, f.O_CLOEXEC), fd);
  kernel.close(nothing);
}

/** Reads until the end. */
export async function drain(fd: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const buffer = new Uint8Array(65_536);
    const count = await runtime.offload('read', [fd, buffer]);
    if (count > 0) pieces.push(buffer.subarray(0, count));
    else if (count === 0) return Buffer.concat(pieces);
    else await runtime.poller.wait(fd, 1);
  }
}

/** The numbers of all open descriptors but those that the poller makes once and keeps. */
export function openDescriptors(): number[] {
  const lines = everyDescriptor().filter((line) => !line.includes('anon_inode'));
  return lines.map((line) => Number.parseInt(line, 10));
}
