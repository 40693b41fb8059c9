/** Descriptors that are passed while the calls of both ends fail. */
import { Fd } from '../../src/fd/fd.js';
import { pipe, socketPair } from '../../src/fd/pipe.js';
import type { Runtime } from '../../src/fd/runtime.js';
import { pattern, succeeds } from '../helpers/claims.js';
import { closeFaulty, type Scenario, UP } from './scenarios.js';

const INSIDE = pattern(1000, 3);

interface Received {
  readonly bytes: Uint8Array;
  readonly fds: readonly Fd[];
}

/** Bytes that need many sends, with a pipe, and then the end. */
export const PASSING: Scenario = {
  name: 'sendFds() to recvFds()',
  async run({ clean, faulty }, signal) {
    const [left, right] = socketPair(clean);
    const [sender, receiver] = [left, right].map((fd) => new Fd(faulty, fd.release())) as [Fd, Fd];
    const { reader, writer } = pipe(clean);
    succeeds(clean.kernel.write(writer.fd, INSIDE), INSIDE.length);
    let error: unknown;
    const note = (failure: unknown) => {
      error ??= failure;
    };
    const sending = sender
      .sendFds([reader], { data: UP, signal })
      .catch(note)
      .finally(() => closeFaulty(sender, reader, writer));
    const { bytes, fds } = await receiveAll(receiver, signal, note);
    closeFaulty(receiver);
    await sending;
    const [passed] = fds.map((fd) => contentOf(clean, fd));
    closeFaulty(...fds);
    const complete = error === undefined;
    const arrived = passed ?? new Uint8Array();
    const streams = [
      { name: 'bytes', sent: UP, arrived: bytes, complete },
      { name: 'what is in the pipe that was passed', sent: INSIDE, arrived, complete },
    ];
    return { error, streams };
  },
};

async function receiveAll(
  socket: Fd,
  signal: AbortSignal,
  note: (failure: unknown) => void,
): Promise<Received> {
  const pieces: Uint8Array[] = [];
  const all: Fd[] = [];
  try {
    for (;;) {
      const buffer = new Uint8Array(65536);
      const { fds, bytes } = await socket.recvFds({ buffer, max: 1, signal });
      all.push(...fds);
      if (bytes === 0) break;
      pieces.push(buffer.subarray(0, bytes));
    }
  } catch (failure) {
    note(failure);
  }
  return { bytes: Buffer.concat(pieces), fds: all };
}

function contentOf({ kernel }: Runtime, fd: Fd): Uint8Array {
  const bytes = new Uint8Array(INSIDE.length + 1);
  return bytes.subarray(0, succeeds(kernel.read(fd.fd, bytes)));
}
