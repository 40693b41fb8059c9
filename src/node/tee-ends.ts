/**
 * The ends of a tee: what has a descriptor is lent, any other stream is joined by a pipe.
 */
import type { Fd } from '../fd/fd.js';
import { pipe } from '../fd/pipe.js';
import type { TeeOptions } from '../flow/tee/options.js';
import { type CopySource, type CopyTarget, copy } from './copy.js';
import { lendSource, lendTarget } from './ends.js';
import { linuxRuntime as runtime } from './runtime.js';

export interface Attached {
  /** What the tee uses. */
  readonly end: Fd | number;
  /** Where it is a stream: what it has taken so far. */
  readonly streamed?: { bytes: number };
  /** Why the stream takes or gives no more. */
  failure?: Error;
  /** Ends what the stream still does. */
  stop(): void;
  /** Waits for the stream, and gives back what was lent. `ended`: the source has. Twice is fine. */
  finish(ended: boolean): Promise<void>;
}

export async function attachSource(
  source: CopySource,
  { signal, limit }: TeeOptions,
): Promise<Attached> {
  const lent = await lendSource(runtime, source, signal);
  if (lent !== undefined) return lend(lent.end, lent.giveBack);
  const { reader, writer } = pipe(runtime);
  return stream(reader, (stop) => copy(source, writer, { limit, signal: stop }), writer);
}

export async function attachTarget(target: CopyTarget, { signal }: TeeOptions): Promise<Attached> {
  const lent = await lendTarget(runtime, target, signal);
  if (lent !== undefined) return lend(lent.end, lent.giveBack);
  const { reader, writer } = pipe(runtime);
  const streamed = { bytes: 0 };
  const onProgress = (bytes: number) => {
    streamed.bytes = bytes;
  };
  const move = (stop: AbortSignal) => copy(reader, target, { signal: stop, onProgress });
  return Object.assign(stream(writer, move, reader), { streamed });
}

function lend(end: Fd | number, giveBack: (ended: boolean) => Promise<void>): Attached {
  let given: Promise<void> | undefined;
  return {
    end,
    stop: () => {},
    finish: (ended) => {
      given ??= giveBack(ended);
      return given;
    },
  };
}

/** `end` is the tee's end of the pipe, `other` the stream's. */
function stream(end: Fd, move: (stop: AbortSignal) => Promise<unknown>, other: Fd): Attached {
  const controller = new AbortController();
  const moving = move(controller.signal).then(
    () => undefined,
    (error: Error) => error,
  );
  const attached: Attached = {
    end,
    stop: () => controller.abort(),
    finish: async () => {
      end.close();
      await moved;
    },
  };
  const moved = moving.then((error) => {
    // After the tee has closed its end: nobody needs the rest.
    if (error !== undefined && !end.closed) attached.failure = error;
    other.close();
  });
  return attached;
}
