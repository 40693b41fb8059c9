/**
 * Node's objects as the ends of a flow: lent for as long as it takes, and given back as they would
 * be after `pipe`. What has no descriptor, or one that carries other bytes than the stream does
 * (TLS, HTTP, a decoded text), cannot be lent, and goes the ordinary way.
 */
import { once } from 'node:events';
import { Fd } from '../fd/fd.js';
import type { Runtime } from '../fd/runtime.js';
import { AbortError, SluiceError, throwIfAborted } from '../kernel/error.js';
import { fs } from './builtin.js';
import { type Adoptable, adoptObject, adoptTarget, restartReading } from './sockets.js';

/** An end of a flow for as long as it takes. */
export interface Lent {
  /** What the flow uses: the caller's own number or `Fd`, or a duplicate. */
  readonly end: Fd | number;
  /** Ends the loan. `ended`: all of it has been read. */
  giveBack(ended: boolean): Promise<void>;
}

const NOTHING_TO_GIVE_BACK = async () => {};

/** The source of a flow, or undefined where only the stream itself can tell its bytes. */
export async function lendSource(
  runtime: Runtime,
  source: unknown,
  signal?: AbortSignal,
): Promise<Lent | undefined> {
  if (isOwn(source)) return { end: source, giveBack: NOTHING_TO_GIVE_BACK };
  if (!hasDescriptor(source) || isPart(source)) return undefined;
  await opened(source, signal);
  const fd = adoptUnlessRefused(() => adoptObject(runtime, source));
  if (fd === undefined) return undefined;
  return { end: fd, giveBack: (ended) => giveSourceBack(source, fd, ended) };
}

/** The target of a flow, when what was written to it before has left, or undefined. */
export async function lendTarget(
  runtime: Runtime,
  target: unknown,
  signal?: AbortSignal,
): Promise<Lent | undefined> {
  if (isOwn(target)) return { end: target, giveBack: NOTHING_TO_GIVE_BACK };
  if (!hasDescriptor(target) || isPart(target)) return undefined;
  await opened(target, signal);
  await flushed(target, signal);
  const fd = adoptUnlessRefused(() => adoptTarget(runtime, target));
  if (fd === undefined) return undefined;
  return { end: fd, giveBack: async () => fd.close() };
}

/** After its end the stream ends too, as if it had been read by Node; before, it reads on. */
export async function giveSourceBack(stream: Candidate, fd: Fd, ended: boolean): Promise<void> {
  if (fd.buffered > 0 && !stream.destroyed) {
    const rest = new Uint8Array(fd.buffered);
    await fd.read(rest);
    stream.unshift?.(rest);
  }
  fd.close();
  if (stream.destroyed) return;
  restartReading(stream);
  if (ended) stream.resume?.();
}

function isOwn(end: unknown): end is Fd | number {
  return typeof end === 'number' || end instanceof Fd;
}

/** The parts of Node's streams that matter here; each may be missing. */
interface AnyStream {
  readonly pending?: boolean;
  readonly connecting?: boolean;
  readonly destroyed?: boolean;
  readonly writableLength?: number;
  readonly _handle?: { readonly writeQueueSize?: number } | null;
  write?(chunk: string, done: (error?: Error | null) => void): boolean;
  unshift?(chunk: Uint8Array): void;
  resume?(): void;
  destroy?(): void;
}

type Candidate = Adoptable & AnyStream;

/** A stream that keeps a handle, a file stream, or anything with `fd`: a FileHandle. */
function hasDescriptor(end: unknown): end is Candidate {
  if (typeof end !== 'object' || end === null) return false;
  return '_handle' in end || 'fd' in end;
}

/** A file stream that begins or ends where its file does not. */
function isPart(stream: object): boolean {
  const { ReadStream, WriteStream } = fs();
  if (stream instanceof WriteStream) return (stream as { start?: number }).start !== undefined;
  if (!(stream instanceof ReadStream)) return false;
  const { start, end } = stream as { start?: number; end?: number };
  return start !== undefined || (end ?? Number.POSITIVE_INFINITY) !== Number.POSITIVE_INFINITY;
}

async function opened(stream: Candidate, signal: AbortSignal | undefined): Promise<void> {
  if (stream.destroyed) return;
  const emitter = stream as unknown as NodeJS.EventEmitter;
  if (stream.connecting) await once(emitter, 'connect', { signal });
  else if (stream.pending) await once(emitter, 'open', { signal });
}

/** Ours would overtake what Node or libuv still holds. A peer that reads nothing keeps it there. */
async function flushed(stream: Candidate, signal: AbortSignal | undefined): Promise<void> {
  while ((stream.writableLength ?? 0) + (stream._handle?.writeQueueSize ?? 0) > 0) {
    throwIfAborted(signal);
    await written(stream, signal);
  }
}

function written(stream: Candidate, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new AbortError(signal?.reason));
    signal?.addEventListener('abort', onAbort, { once: true });
    // Nothing, written after everything: its turn comes when all before it has gone.
    stream.write?.('', (error) => {
      signal?.removeEventListener('abort', onAbort);
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Refused with a reason (ERR_SLUICE_ADOPT): the stream knows better than its descriptor. */
function adoptUnlessRefused(adopt: () => Fd): Fd | undefined {
  try {
    return adopt();
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'ERR_SLUICE_ADOPT') return undefined;
    throw error;
  }
}
