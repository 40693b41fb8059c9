/**
 * Node's own objects as descriptors. libuv owns the number of a socket and may close it at any
 * time, so what is taken is always a duplicate; and what Node does with the connection at the same
 * time would mix with ours, so where that cannot be excluded the object is refused, with the
 * reason.
 */
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { adopt as adoptDescriptor } from '../fd/adopt.js';
import type { Fd } from '../fd/fd.js';
import type { Runtime } from '../fd/runtime.js';
import type { Descriptor } from '../kernel/argument.js';
import { SluiceError } from '../kernel/error.js';

/**
 * What can become an `Fd`: a number, a FileHandle, anything with `fd`, a socket or other stream of
 * Node.
 */
export type Adoptable = Descriptor | Socket | Readable | Writable;

/**
 * What Node keeps of a connection: tcp_wrap, pipe_wrap or tty_wrap. Not public, so each part may be
 * missing.
 */
interface Handle {
  readonly fd?: number;
  readonly writeQueueSize?: number;
  reading?: boolean;
  readStart?(): number;
  readStop?(): number;
}

/** The parts of a stream that tell whether it can be adopted. */
interface AnyStream {
  readonly fd?: number | null;
  readonly _handle?: Handle | null;
  readonly encrypted?: boolean;
  readonly connecting?: boolean;
  readonly pending?: boolean;
  readonly destroyed?: boolean;
  readonly parser?: object | null;
  readonly bytesRead?: number;
  readonly readableLength?: number;
  readonly readableEncoding?: BufferEncoding | null;
  readonly writableLength?: number;
  pause?(): unknown;
  read?(): Uint8Array | null;
}

/** An `Fd` of our own for the object; see `adopt` in `descriptors.ts`. */
export function adoptObject(runtime: Runtime, source: Adoptable): Fd {
  if (!isStream(source)) return adoptDescriptor(runtime, source as Descriptor);
  refuseMixing(source);
  refuseRead(source);
  return adoptDescriptor(runtime, { fd: numberOf(source) }, () => takeInput(source));
}

/**
 * An `Fd` of our own to write to; what the object reads, it goes on reading. Refused like `adopt`.
 */
export function adoptTarget(runtime: Runtime, target: Adoptable): Fd {
  if (!isStream(target)) return adoptDescriptor(runtime, target as Descriptor);
  refuseMixing(target);
  return adoptDescriptor(runtime, { fd: numberOf(target) });
}

/** After `adoptObject`: Node reads the socket again, when it is asked to. */
export function restartReading(source: Adoptable): void {
  const handle = (source as AnyStream)._handle;
  if (!handle?.readStart) return;
  handle.reading = true;
  handle.readStart();
}

/** A Node stream, of whatever version: FileHandle and `Fd` have neither of these. */
function isStream(source: unknown): source is AnyStream {
  if (typeof source !== 'object' || source === null) return false;
  return 'readableLength' in source || 'writableLength' in source;
}

function refuseMixing(stream: AnyStream): void {
  if (stream.destroyed) refuse('destroyed already');
  if (stream.encrypted) refuse('a TLS socket: its descriptor carries the encrypted bytes');
  if (stream.connecting || stream.pending) refuse('not connected or open yet: wait for the event');
  if (stream.parser) {
    refuse("read by Node's HTTP parser: adopt the socket of an 'upgrade' or 'connect' event");
  }
  const queued = (stream.writableLength ?? 0) + (stream._handle?.writeQueueSize ?? 0);
  if (queued > 0) refuse(`still writing ${queued} bytes: wait for the callback of the last write`);
}

function refuseRead(stream: AnyStream): void {
  if (stream.readableEncoding) refuse('decoding text (setEncoding): its bytes cannot be had back');
  if (!stream._handle && (stream.bytesRead ?? 0) > 0) {
    refuse('a file stream that has begun to read: the file offset is ahead of it');
  }
}

function numberOf(stream: AnyStream): number {
  const fd = stream._handle?.fd ?? stream.fd;
  if (typeof fd === 'number' && fd >= 0) return fd;
  return refuse('without a descriptor that this JavaScript runtime tells');
}

function refuse(reason: string): never {
  throw new SluiceError('ERR_SLUICE_ADOPT', `this stream cannot be adopted: it is ${reason}`);
}

/** What Node has read and not given out. From here on Node reads no more. */
function takeInput(stream: AnyStream): Uint8Array | undefined {
  const handle = stream._handle;
  if (!handle || stream.read === undefined) return undefined;
  stream.pause?.();
  const pieces: Uint8Array[] = [];
  for (let piece = stream.read(); piece !== null; piece = stream.read()) pieces.push(piece);
  // The last read() has asked the handle for more, and the stream asks once: it stays stopped.
  handle.readStop?.();
  handle.reading = false;
  return Buffer.concat(pieces);
}
