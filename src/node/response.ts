/**
 * The body of an HTTP response from a file: the head is Node's, the body goes by sendfile(2) on a
 * descriptor of our own for the same connection.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Runtime } from '../fd/runtime.js';
import { sendFile, truncated } from '../flow/send.js';
import { EINTR } from '../kernel/errno.js';
import { check, SluiceError, throwIfAborted } from '../kernel/error.js';
import * as f from '../kernel/flags.js';

/** A part of a file, in bytes. */
export interface Part {
  readonly offset: number;
  readonly length: number;
}

/**
 * How a body went: out of the kernel's pages, or through this process (TLS, chunked, no
 * descriptor).
 */
export type BodyMethod = 'sendfile' | 'stream';

/**
 * Sends `part` of the open regular file `file` as the rest of the response, and ends it. The head
 * must be set with a Content-Length that counts these bytes; what was written before goes first.
 * Resolves when the kernel has the last byte. The descriptor stays the caller's, and may be closed
 * once this is settled.
 *
 * Rejects, the connection reset, where the client has gone, the file ends early
 * (ERR_SLUICE_SOURCE_TRUNCATED) or a read fails: a length was promised, so the client must not take
 * what it has for the whole.
 */
export async function sendBody(
  runtime: Runtime,
  response: ServerResponse,
  file: number,
  part: Part,
): Promise<BodyMethod> {
  try {
    return await send(runtime, response, file, part);
  } catch (error) {
    reset(runtime, response);
    throw error;
  }
}

/** SO_LINGER with no time to linger: close(2) sends RST instead of FIN. */
const LINGER_0 = new Uint8Array(Int32Array.of(1, 0).buffer);

/**
 * Ends the connection so that the client sees an error. Not by `resetAndDestroy`, which says FIN
 * first: to some clients that is the end of a whole body.
 */
export function reset({ kernel }: Runtime, response: ServerResponse): void {
  const fd = response.socket ? handleOf(response.socket)?.fd : undefined;
  if (fd !== undefined) kernel.setsockopt(fd, f.SOL_SOCKET, f.SO_LINGER, LINGER_0);
  response.destroy();
}

async function send(
  runtime: Runtime,
  response: ServerResponse,
  file: number,
  part: Part,
): Promise<BodyMethod> {
  const socket = await ownSocket(response);
  const target = duplicate(runtime, socket);
  try {
    cork(runtime, target, 1);
    response.flushHeaders();
    await headLeaves(socket);
    const raw = target >= 0 && !response.chunkedEncoding;
    await abortable(response, (signal) =>
      raw
        ? sendFile(runtime, file, target, { ...part, signal })
        : stream(runtime, response, file, { ...part, signal }),
    );
    cork(runtime, target, 0);
    response.end();
    return raw ? 'sendfile' : 'stream';
  } finally {
    runtime.poller.forget(target);
    runtime.kernel.close(target);
  }
}

/**
 * Corked, a connection of TCP waits for a full packet: the head and the first bytes of the body go
 * as one. Linux sends what there is after 200 ms, and when the cork is drawn.
 */
function cork({ kernel }: Runtime, target: number, on: 0 | 1): void {
  const value = new Uint8Array(Int32Array.of(on).buffer);
  kernel.setsockopt(target, f.IPPROTO_TCP, f.TCP_CORK, value);
}

/** Pipelined responses get the connection one after the other: until then it is another's. */
function ownSocket(response: ServerResponse): Promise<Socket> | Socket {
  if (response.socket !== null) return response.socket;
  return new Promise((resolve) => response.once('socket', resolve));
}

/** What Node holds of a connection: not public, and for years the only way to its descriptor. */
interface Handle {
  readonly fd?: number;
  readonly writeQueueSize?: number;
}

function handleOf(socket: Socket): Handle | undefined {
  return (socket as Socket & { _handle?: Handle | null })._handle ?? undefined;
}

/**
 * Waits until neither Node nor libuv holds bytes of this connection: ours would overtake them, and
 * land in the middle of the head.
 */
async function headLeaves(socket: Socket): Promise<void> {
  while (socket.writableLength > 0 || (handleOf(socket)?.writeQueueSize ?? 0) > 0) {
    // Nothing, written after everything: its turn comes when all before it has gone.
    await new Promise<void>((resolve) => socket.write('', () => resolve()));
    if (socket.destroyed) throw closed();
  }
}

/**
 * A descriptor of our own for the connection, or −1 where its bytes are not those of the wire (TLS)
 * or there is none to be had. Never the number itself: two owners would close it twice.
 */
function duplicate({ kernel }: Runtime, socket: Socket): number {
  const handle = handleOf(socket);
  const plain = handle?.constructor?.name === 'TCP' || handle?.constructor?.name === 'Pipe';
  if (!plain || 'encrypted' in socket || handle.fd === undefined) return -1;
  const fd = kernel.fcntl(handle.fd, f.F_DUPFD_CLOEXEC, 3);
  if (fd < 0 || (kernel.fcntl(fd, f.F_GETFL) & f.O_NONBLOCK) !== 0) return fd;
  kernel.close(fd);
  return -1;
}

/** Runs `work` with a signal that aborts when the client goes away. */
async function abortable(
  response: ServerResponse,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  if (response.destroyed || response.socket?.destroyed) throw closed();
  const controller = new AbortController();
  const abort = () => controller.abort(closed());
  response.once('close', abort);
  try {
    await work(controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? closed() : error;
  } finally {
    response.off('close', abort);
  }
}

function closed(): SluiceError {
  return new SluiceError('ERR_SLUICE_CLOSED', 'the client closed the connection');
}

const CHUNK_BYTES = 64 * 1024;

/** The ordinary way: through a buffer of this process, as fast as Node takes it. */
async function stream(
  { offload }: Runtime,
  response: ServerResponse,
  file: number,
  { offset, length, signal }: Part & { signal: AbortSignal },
): Promise<void> {
  let sent = 0;
  while (sent < length) {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, length - sent));
    const count = await offload('pread', [file, buffer, offset + sent], signal);
    throwIfAborted(signal);
    if (count === 0) throw truncated(sent, length);
    if (count === -EINTR) continue;
    sent += check(count, 'pread', file);
    if (!response.write(buffer.subarray(0, count))) await once(response, 'drain', { signal });
  }
}
