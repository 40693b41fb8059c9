/**
 * What flows are asked to do while their calls fail. Each takes its runtimes from the `Bench`, so
 * that it runs on any kernel: what the flow does goes through the faulty one, its peers through the
 * other.
 */
import { Fd } from '../../src/fd/fd.js';
import { pipe, socketPair } from '../../src/fd/pipe.js';
import type { Runtime } from '../../src/fd/runtime.js';
import { copy } from '../../src/flow/copy.js';
import type { CopyOptions } from '../../src/flow/copy-options.js';
import { relay } from '../../src/flow/relay.js';
import type { RelayOptions } from '../../src/flow/relay-options.js';
import type { TeeFailure } from '../../src/flow/tee/options.js';
import { tee } from '../../src/flow/tee.js';
import * as f from '../../src/kernel/flags.js';
import { pattern, succeeds } from '../helpers/claims.js';
import { tcpPair } from '../helpers/sockets.js';
import type { Bench } from './world.js';

/** Bytes that went in at one place, and what came out at the other. */
export interface Stream {
  readonly name: string;
  readonly sent: Uint8Array;
  readonly arrived: Uint8Array;
  /** How many the flow says have arrived, where it says so exactly. */
  readonly claimed?: number | undefined;
  /** Whether the flow says that all of them have. */
  readonly complete: boolean;
  /** Nothing can arrive there. */
  readonly dead?: boolean | undefined;
}

export interface Outcome {
  readonly error: unknown;
  readonly streams: readonly Stream[];
}

export interface Scenario {
  readonly name: string;
  /** Ends by a limit of time, which the clock has to reach. */
  readonly timed?: boolean;
  /** Aborted after so many turns of the event loop. */
  readonly abortAfter?: number;
  run(bench: Bench, signal: AbortSignal): Promise<Outcome>;
}

export const UP = pattern(130_003, 1);
const DOWN = pattern(3001, 2);

/* ---- peers ---- */

/** All up to an end or a reset. */
export async function takeAll(fd: Fd): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const buffer = new Uint8Array(65536);
    const length = await fd.read(buffer).catch(() => 0);
    if (length === 0) break;
    pieces.push(buffer.subarray(0, length));
  }
  if (!fd.closed) fd.close();
  return Buffer.concat(pieces);
}

/** Gives everything and its end. A reader that has gone is fine: the flow says why. */
async function giveAll(fd: Fd, bytes: Uint8Array, end: (fd: Fd) => void): Promise<void> {
  try {
    for (let at = 0; at < bytes.length; ) at += await fd.write(bytes.subarray(at));
    end(fd);
  } catch {
    // EPIPE or a reset.
  }
}

const close = (fd: Fd) => fd.close();

/** Closed by a kernel that fails: the number is free all the same. */
export function closeFaulty(...fds: readonly Fd[]): void {
  for (const fd of fds) {
    try {
      fd.close();
    } catch {
      // EIO, ENOSPC: of what was written before.
    }
  }
}

/** A number of the clean runtime, from now on of the faulty one. */
const handOver = (to: Runtime, fd: Fd) => new Fd(to, fd.release());

/* ---- ends ---- */

type Pair = readonly [Fd, Fd];

const pipePair = ({ clean }: Bench): Pair => {
  const { reader, writer } = pipe(clean);
  return [reader, writer];
};

const unixPair = ({ clean }: Bench): Pair => socketPair(clean);

function blockingPair(bench: Bench): Pair {
  const pair = unixPair(bench);
  for (const fd of pair) fd.nonBlocking = false;
  return pair;
}

const tcpStreams = ({ clean }: Bench): Pair => {
  const [left, right] = tcpPair(clean.kernel);
  return [new Fd(clean, left), new Fd(clean, right)];
};

interface Source {
  readonly fd: Fd;
  readonly given: Promise<void>;
  /** Who feeds it, to be closed when the flow is over. */
  readonly feeder?: Fd;
}

interface Target {
  readonly fd: Fd;
  /** What it has got, once the flow's own number is closed. */
  arrived(): Promise<Uint8Array>;
  readonly dead?: boolean;
}

const file = (bench: Bench, content: Uint8Array) => new Fd(bench.clean, bench.world.file(content));

function memory({ clean }: Bench, content: Uint8Array): Fd {
  const fd = succeeds(clean.kernel.memfd_create('fault', f.MFD_CLOEXEC));
  if (content.length > 0) succeeds(clean.kernel.pwrite(fd, content, 0), content.length);
  return new Fd(clean, fd);
}

const stored =
  (make: (bench: Bench, content: Uint8Array) => Fd) =>
  (bench: Bench): Source => ({
    fd: handOver(bench.faulty, make(bench, UP)),
    given: Promise.resolve(),
  });

/** The second of the pair feeds the first. */
const fed =
  (make: (bench: Bench) => Pair, end: ((fd: Fd) => void) | undefined = close) =>
  (bench: Bench): Source => {
    const [fd, feeder] = make(bench);
    return { fd: handOver(bench.faulty, fd), given: giveAll(feeder, UP, end), feeder };
  };

const storing =
  (make: (bench: Bench, content: Uint8Array) => Fd) =>
  (bench: Bench): Target => {
    const mine = make(bench, new Uint8Array());
    const arrived = async () => {
      const bytes = new Uint8Array(UP.length + 1);
      const length = succeeds(bench.clean.kernel.pread(mine.fd, bytes, 0));
      mine.close();
      return bytes.subarray(0, length);
    };
    return { fd: handOver(bench.faulty, mine.dup()), arrived };
  };

/** The first of the pair drains the second. */
const drained =
  (make: (bench: Bench) => Pair) =>
  (bench: Bench): Target => {
    const [drain, fd] = make(bench);
    const taking = takeAll(drain);
    return { fd: handOver(bench.faulty, fd), arrived: () => taking };
  };

/** A pipe that nobody reads. */
function dead(bench: Bench): Target {
  const [reader, fd] = pipePair(bench);
  reader.close();
  return { fd: handOver(bench.faulty, fd), arrived: async () => new Uint8Array(), dead: true };
}

/** Nobody reads from it until the flow is over. */
const stuck =
  (make: (bench: Bench) => Pair) =>
  (bench: Bench): Target => {
    const [drain, fd] = make(bench);
    return { fd: handOver(bench.faulty, fd), arrived: () => takeAll(drain) };
  };

async function settle({ given, feeder }: Source): Promise<void> {
  await given;
  if (feeder?.closed === false) feeder.close();
}

/* ---- copy ---- */

interface CopyCase {
  readonly name: string;
  readonly source: (bench: Bench) => Source;
  readonly target: (bench: Bench) => Target;
  readonly options?: CopyOptions;
  /** What the target's socket has taken may be lost with the connection. */
  readonly resets?: boolean;
  readonly timed?: boolean;
  readonly abortAfter?: number;
}

function copying({ source, target, options, resets, ...scenario }: CopyCase): Scenario {
  const run = async (bench: Bench, signal: AbortSignal): Promise<Outcome> => {
    const [from, to] = [source(bench), target(bench)];
    let error: unknown;
    const result = await copy(bench.faulty, from.fd, to.fd, { ...options, signal }).catch(
      (failure: { bytes: number }) => {
        error = failure;
        return failure;
      },
    );
    closeFaulty(from.fd, to.fd);
    await settle(from);
    const complete = error === undefined;
    const arrived = await to.arrived();
    const claimed = resets ? undefined : result.bytes;
    return { error, streams: [{ name: 'copy', sent: UP, arrived, claimed, complete }] };
  };
  return { ...scenario, name: `copy ${scenario.name}`, run };
}

const COPIES: readonly Scenario[] = (
  [
    { name: 'copy_file_range: file to file', source: stored(file), target: storing(file) },
    { name: 'sendfile: memory to memory', source: stored(memory), target: storing(memory) },
    { name: 'sendfile: file to TCP', source: stored(file), target: drained(tcpStreams) },
    { name: 'splice: file to pipe', source: stored(file), target: drained(pipePair) },
    { name: 'splice: pipe to file', source: fed(pipePair), target: storing(file) },
    { name: 'splice: Unix socket to pipe', source: fed(unixPair), target: drained(pipePair) },
    { name: 'splice-pipe: TCP to TCP', source: fed(tcpStreams), target: drained(tcpStreams) },
    { name: 'splice-pipe: TCP to file', source: fed(tcpStreams), target: storing(file) },
    {
      name: 'read-write: sockets that block',
      source: fed(blockingPair),
      target: drained(blockingPair),
    },
    {
      name: 'that closes its target: TCP to TCP',
      source: fed(tcpStreams),
      target: drained(tcpStreams),
      options: { closeTarget: true },
      resets: true,
    },
    {
      name: 'whose source falls silent',
      source: fed(tcpStreams, () => {}),
      target: drained(pipePair),
      options: { idleTimeoutMs: 1000 },
      timed: true,
    },
    {
      name: 'whose target takes no more',
      source: stored(memory),
      target: stuck(pipePair),
      options: { idleTimeoutMs: 1000, closeTarget: true },
      timed: true,
    },
    {
      name: 'that is aborted',
      source: fed(tcpStreams),
      target: stuck(tcpStreams),
      abortAfter: 8,
    },
  ] satisfies readonly CopyCase[]
).map(copying);

/* ---- relay ---- */

interface RelayCase {
  readonly name: string;
  readonly pair: (bench: Bench) => Pair;
  readonly options?: RelayOptions;
  /** Whether the peers say their ends. */
  readonly ends: boolean;
  readonly timed?: boolean;
  readonly abortAfter?: number;
}

function relaying({ pair, options, ends, ...scenario }: RelayCase): Scenario {
  const run = async (bench: Bench, signal: AbortSignal): Promise<Outcome> => {
    const [[client, front], [back, server]] = [pair(bench), pair(bench)];
    const [a, b] = [handOver(bench.faulty, front), handOver(bench.faulty, back)];
    let error: { sent?: number; received?: number } | undefined;
    const relayed = relay(bench.faulty, a, b, { ...options, signal })
      .catch((failure: { sent?: number; received?: number }) => {
        error = failure;
        return { ...failure, reset: true };
      })
      .finally(() => closeFaulty(a, b));
    const end = ends ? (fd: Fd) => fd.shutdown('write') : () => {};
    const [atServer, atClient] = await Promise.all([
      takeAll(server),
      takeAll(client),
      giveAll(client, UP, end),
      giveAll(server, DOWN, end),
    ]);
    const { reset } = await relayed;
    const complete = error === undefined && !reset;
    const streams = [
      { name: 'up', sent: UP, arrived: atServer, complete },
      { name: 'down', sent: DOWN, arrived: atClient, complete },
    ];
    return { error, streams };
  };
  return { ...scenario, name: `relay ${scenario.name}`, run };
}

const RELAYS: readonly Scenario[] = (
  [
    { name: 'of TCP', pair: tcpStreams, ends: true },
    { name: 'of Unix sockets', pair: unixPair, ends: true },
    { name: 'of sockets that block', pair: blockingPair, ends: true },
    {
      name: 'whose peers fall silent',
      pair: tcpStreams,
      ends: false,
      options: { idleTimeoutMs: 1000, minBytesPerSecond: 10 },
      timed: true,
    },
    { name: 'that is aborted', pair: tcpStreams, ends: false, abortAfter: 6 },
  ] satisfies readonly RelayCase[]
).map(relaying);

/* ---- tee ---- */

interface TeeCase {
  readonly name: string;
  readonly source: (bench: Bench) => Source;
  readonly targets: readonly ((bench: Bench) => Target)[];
  readonly timed?: boolean;
  readonly abortAfter?: number;
}

const TO_ALL = [storing(file), drained(pipePair), dead, drained(tcpStreams)];

function teeing({ source, targets, ...scenario }: TeeCase): Scenario {
  const run = async (bench: Bench, signal: AbortSignal): Promise<Outcome> => {
    const [from, to] = [source(bench), targets.map((make) => make(bench))];
    const options = { signal, onSlowTarget: 'drop', slowTargetTimeoutMs: 1000 } as const;
    let error: unknown;
    const fds = to.map(({ fd }) => fd);
    const result = await tee(bench.faulty, from.fd, fds, options).catch((failure: TeeFailure) => {
      error = failure;
      return failure.result;
    });
    closeFaulty(from.fd, ...fds);
    await settle(from);
    const streams: Stream[] = [];
    for (const [index, target] of to.entries()) {
      const told = result?.targets[index];
      const complete = error === undefined && told?.error === undefined;
      const arrived = await target.arrived();
      const name = `target ${index}`;
      const { dead } = target;
      streams.push({ name, sent: UP, arrived, claimed: told?.bytes, complete, dead });
    }
    return { error, streams };
  };
  return { ...scenario, name: `tee ${scenario.name}`, run };
}

const TEES: readonly Scenario[] = (
  [
    { name: 'from a pipe to a file, a pipe and TCP', source: fed(pipePair), targets: TO_ALL },
    { name: 'from TCP to a file, a pipe and TCP', source: fed(tcpStreams), targets: TO_ALL },
    { name: 'from a file to a pipe and TCP', source: stored(file), targets: TO_ALL.slice(1) },
    {
      name: 'with a target that takes no more',
      source: fed(pipePair),
      targets: [drained(pipePair), stuck(pipePair)],
      timed: true,
    },
    {
      name: 'that is aborted',
      source: fed(unixPair),
      targets: [stuck(unixPair), drained(pipePair)],
      abortAfter: 6,
    },
  ] satisfies readonly TeeCase[]
).map(teeing);

/* ---- Fd ---- */

/** Two `Fd`s of the faulty runtime, one of which reads what the other writes. */
const FD: Scenario = {
  name: 'Fd: read, write, their vectors, dup and close',
  async run({ faulty }, signal) {
    const opened: Fd[] = [];
    const pieces: Uint8Array[] = [];
    let error: unknown;
    let wrote = 0;
    try {
      const { reader, writer } = pipe(faulty, { capacity: 8192 });
      opened.push(reader, writer);
      opened.push(...socketPair(faulty));
      const twin = reader.dup();
      opened.push(twin);
      const feeding = (async () => {
        for (let turn = 0; wrote < DOWN.length * 4; turn++) {
          const bytes = pattern(DOWN.length * 4, 9).subarray(wrote, wrote + 4000);
          const halves = [bytes.subarray(0, 100), bytes.subarray(100)];
          wrote += await (turn % 2 === 0
            ? writer.write(bytes, { signal })
            : writer.writev(halves, { signal }));
        }
        writer.close();
      })();
      feeding.catch((failure) => {
        error ??= failure;
        closeFaulty(writer);
      });
      for (let turn = 0; ; turn++) {
        const [first, second] = [new Uint8Array(1000), new Uint8Array(2000)];
        const count = await (turn % 2 === 0
          ? twin.read(first, { signal })
          : reader.readv([first, second], { signal }));
        if (count === 0) break;
        pieces.push(Buffer.concat([first, second]).subarray(0, count));
      }
      await feeding;
    } catch (failure) {
      error ??= failure;
    }
    closeFaulty(...opened);
    const sent = pattern(DOWN.length * 4, 9);
    const complete = error === undefined;
    return { error, streams: [{ name: 'pipe', sent, arrived: Buffer.concat(pieces), complete }] };
  },
};

export const SCENARIOS: readonly Scenario[] = [...COPIES, ...RELAYS, ...TEES, FD];
