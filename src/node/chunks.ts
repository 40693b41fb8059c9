/**
 * Streams of Node and of the web as sources and sinks of chunks, and descriptors where the other
 * end is such a stream.
 */
import type { Readable, Writable } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import type { Fd } from '../fd/fd.js';
import { InvalidArgumentType } from '../kernel/argument.js';
import { EINTR, ESPIPE } from '../kernel/errno.js';
import { check, SluiceError, SystemError, throwIfAborted } from '../kernel/error.js';
import { stream } from './builtin.js';
import { linuxRuntime as runtime } from './runtime.js';

export interface ChunkSource {
  /** The next bytes; undefined at the end. Nothing is read any more once `signal` has aborted. */
  next(signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Ends the reading, before the end too; `rest` was read and not used. */
  release(rest: Uint8Array): void;
}

export interface ChunkSink {
  /** Resolves when the bytes were taken. */
  write(bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  release(): void;
}

const CHUNK_BYTES = 64 * 1024;

/** A stream to read, in whichever library; throws a TypeError for what is none. */
export function sourceOf(source: unknown, offset: number | undefined): ChunkSource {
  if (offset !== undefined) throw new SystemError(-ESPIPE, { syscall: 'lseek' });
  if (source instanceof globalThis.ReadableStream) return webSource(source);
  if (isReadable(source)) return nodeSource(source);
  throw new InvalidArgumentType('source', 'a descriptor or a readable stream', source);
}

export function sinkOf(target: unknown): ChunkSink {
  if (target instanceof globalThis.WritableStream) return webSink(target);
  if (isWritable(target)) return nodeSink(target);
  throw new InvalidArgumentType('target', 'a descriptor or a writable stream', target);
}

/** What is read from a descriptor: from its file offset on, or from `offset` without moving it. */
export function fdSource(fd: Fd, offset: number | undefined): ChunkSource {
  let position = offset;
  const read = async (buffer: Uint8Array, signal: AbortSignal) => {
    if (position === undefined) return fd.read(buffer, { signal });
    const count = await readAt(fd, buffer, position, signal);
    position += count;
    return count;
  };
  const next = async (signal: AbortSignal) => {
    const buffer = new Uint8Array(CHUNK_BYTES);
    const count = await read(buffer, signal);
    return count === 0 ? undefined : buffer.subarray(0, count);
  };
  return { next, release: () => {} };
}

/** A signal of this process may interrupt the thread as well as the caller's may. */
async function readAt(
  fd: Fd,
  buffer: Uint8Array,
  position: number,
  signal: AbortSignal,
): Promise<number> {
  for (;;) {
    throwIfAborted(signal);
    const count = await runtime.offload('pread', [fd.fd, buffer, position], signal);
    if (count !== -EINTR) return check(count, 'pread', fd.fd);
  }
}

export function fdSink(fd: Fd): ChunkSink {
  const write = async (bytes: Uint8Array, signal: AbortSignal) => {
    for (let written = 0; written < bytes.length; ) {
      written += await fd.write(bytes.subarray(written), { signal });
    }
  };
  return { write, release: () => {} };
}

/** Also one of another copy of Node's library: it iterates, and can be told to stay alive. */
function isReadable(source: unknown): source is Readable {
  return (
    source instanceof stream().Readable || typeof (source as Readable)?.iterator === 'function'
  );
}

/** Responses of HTTP are no `Writable` by their class. */
function isWritable(target: unknown): target is Writable {
  const { write, end } = (target ?? {}) as Partial<Writable>;
  return (
    target instanceof stream().Writable ||
    (typeof write === 'function' && typeof end === 'function')
  );
}

function nodeSource(stream: Readable): ChunkSource {
  const iterator = stream.iterator({ destroyOnReturn: false });
  const next = async () => {
    const { value, done } = await iterator.next();
    return done ? undefined : bytesOf(value, stream.readableEncoding);
  };
  const release = (rest: Uint8Array) => {
    if (rest.length > 0) stream.unshift(rest);
    void iterator.return?.();
  };
  return { next, release };
}

function webSource(stream: ReadableStream): ChunkSource {
  const reader = stream.getReader();
  const next = async () => {
    const { value, done } = await reader.read();
    return done ? undefined : bytesOf(value, null);
  };
  return { next, release: () => reader.releaseLock() };
}

function nodeSink(stream: Writable): ChunkSink {
  let failed: (error: Error) => void = () => {};
  const onError = (error: Error) => failed(error);
  const onClose = () => failed(new SluiceError('ERR_SLUICE_CLOSED', 'the target was closed'));
  stream.on('error', onError).on('close', onClose);
  const write = (bytes: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      failed = reject;
      if (stream.destroyed) onClose();
      else stream.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  const release = () => {
    stream.off('error', onError).off('close', onClose);
  };
  return { write, release };
}

function webSink(stream: WritableStream): ChunkSink {
  const writer = stream.getWriter();
  return { write: (bytes) => writer.write(bytes), release: () => writer.releaseLock() };
}

function bytesOf(chunk: unknown, encoding: BufferEncoding | null): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding ?? 'utf8');
  throw new InvalidArgumentType('chunk', 'bytes or a string', chunk);
}
