/**
 * `pipe`, `socketPair`, `open` and `adopt` on this machine's kernel.
 */
import type { Fd } from '../fd/fd.js';
import * as opening from '../fd/open.js';
import * as pairs from '../fd/pipe.js';
import type { Path } from '../kernel/kernel.js';
import { linuxRuntime } from './runtime.js';
import { type Adoptable, adoptObject } from './sockets.js';

/**
 * Makes a pipe: what is written to `writer` is read from `reader`, through a buffer in the kernel.
 *
 * Both ends have FD_CLOEXEC, so no child gets one by accident, and O_NONBLOCK. An end that is given
 * to a child as its standard input or output loses O_NONBLOCK (Node clears it for the child, and
 * the flag is shared); `Fd` does not mind. Close your own copy of an end that a child uses, or the
 * other side never sees the end.
 *
 * @param options.capacity how many bytes it shall hold at least; Linux rounds up, `reader.capacity`
 *   says to what
 * @returns `reader` and `writer`; disposing it closes both
 * @throws EMFILE, ENFILE no more descriptors; EPERM a capacity above /proc/sys/fs/pipe-max-size, or
 *   the user's pipes hold too much; EINVAL a negative capacity, or one above 2^31;
 *   ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE no such capacity
 * @see pipe2(2), pipe(7)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { spawn } from 'node:child_process';
 * import { once } from 'node:events';
 * import { pipe } from 'sluice';
 *
 * using p = pipe({ capacity: 1 << 18 });
 * equal(p.reader.capacity, 1 << 18);
 * const child = spawn('echo', ['hello'], { stdio: ['ignore', p.writer, 'inherit'] });
 * p.writer.close();
 * const buffer = Buffer.alloc(100);
 * equal(buffer.toString('utf8', 0, await p.reader.read(buffer)), 'hello\n');
 * equal(await p.reader.read(buffer), 0);
 * if (child.exitCode === null) await once(child, 'exit');
 * ```
 */
export function pipe(options?: pairs.PipeOptions): pairs.Pipe {
  return pairs.pipe(linuxRuntime, options);
}

/**
 * Makes two connected sockets of AF_UNIX: each reads what the other writes. With FD_CLOEXEC and
 * O_NONBLOCK.
 *
 * @param options.type 'stream' (as without), 'datagram' or 'seqpacket': one read takes one message
 *   then, and what does not fit the buffer is lost
 * @returns [left, right]; disposing it closes both
 * @throws EMFILE, ENFILE no more descriptors; ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE no such type
 * @see socketpair(2), unix(7)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { socketPair } from 'sluice';
 *
 * const [left, right] = socketPair({ type: 'seqpacket' });
 * await left.write(Buffer.from('one'));
 * await left.write(Buffer.from('two'));
 * equal(await right.read(Buffer.alloc(100)), 3); // one message, not both
 * left.close();
 * right.close();
 * ```
 */
export function socketPair(options?: pairs.SocketPairOptions): pairs.SocketPair {
  return pairs.socketPair(linuxRuntime, options);
}

/**
 * Opens a file by name, with FD_CLOEXEC and O_NOCTTY, on a thread of sluice's own: opening a FIFO
 * sleeps until its other end is opened, and that must stop neither this thread nor libuv's.
 *
 * @param path a string or bytes
 * @param flags 'r', 'r+', 'w', 'wx', 'w+', 'a', … as in `fs.open`, or flags of open(2) as a number
 * @param options.mode the permissions of a file that is made, less the umask; 0o666 without
 * @param options.signal ends the wait with an AbortError
 * @returns an `Fd` at offset 0
 * @throws ENOENT no such name; EACCES, EPERM, EROFS not permitted; EEXIST 'x' and the file exists;
 *   EISDIR writing a directory; ENOTDIR, ELOOP, ENAMETOOLONG the name; ENXIO O_NONBLOCK and nobody
 *   reads the FIFO; EMFILE, ENFILE no more descriptors; ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE as
 *   named
 * @see open(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { open } from 'sluice';
 *
 * using file = await open('package.json');
 * const buffer = Buffer.alloc(1);
 * equal(await file.read(buffer), 1);
 * equal(buffer.toString(), '{');
 * ```
 */
export function open(
  path: Path,
  flags?: opening.OpenFlags | number,
  options?: opening.OpenOptions,
): Promise<Fd> {
  return opening.open(linuxRuntime, path, flags, options);
}

/**
 * An `Fd` for what somebody else opened.
 *
 * - A **number** becomes ours: nobody else may close it from then on. From 3 on FD_CLOEXEC is set.
 * - An **object** keeps its own descriptor, and the `Fd` is a duplicate of it (F_DUPFD_CLOEXEC): a
 *   FileHandle, a `net.Socket`, a child's `stdout`, `process.stdin`, `{ fd: 1 }`, another `Fd`. A
 *   connection ends for its peer when both are closed, or by `shutdown`.
 *
 * What Node had read from a socket by then is taken over and read first (`buffered` counts it), and
 * Node reads no more. Sockets of a server made with `pauseOnConnect: true` have nothing read yet.
 *
 * @throws ERR_SLUICE_ADOPT a TLS socket (whoever writes to its descriptor writes in clear); a
 *   socket that has queued writes (ours would overtake them), is connecting, destroyed, decoding
 *   text, or in the hands of Node's HTTP parser; a file stream that has begun to read; no number to
 *   be had (Bun, Deno). EBADF not open; EMFILE no more descriptors. The plain socket below a TLS
 *   socket cannot be told from another: do not adopt it.
 * @see fcntl(2), F_DUPFD_CLOEXEC
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { once } from 'node:events';
 * import { connect, createServer, type Socket } from 'node:net';
 * import { adopt } from 'sluice';
 *
 * const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const client = connect((server.address() as { port: number }).port, '127.0.0.1');
 * const [socket] = (await once(server, 'connection')) as [Socket];
 * using fd = adopt(socket);
 * client.write('hello');
 * const buffer = Buffer.alloc(100);
 * equal(buffer.toString('utf8', 0, await fd.read(buffer)), 'hello');
 * client.destroy();
 * socket.destroy();
 * server.close();
 * ```
 */
export function adopt(source: Adoptable): Fd {
  return adoptObject(linuxRuntime, source);
}
