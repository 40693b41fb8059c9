/**
 * One flow with its peers: what it is asked, what troubles it, and what must hold when it is over.
 */
import type { Fd } from '../../src/fd/fd.js';
import { copy } from '../../src/flow/copy.js';
import type { CopyResult } from '../../src/flow/copy-options.js';
import { relay } from '../../src/flow/relay.js';
import type { RelayResult } from '../../src/flow/relay-options.js';
import type { TeeFailure, TeeResult } from '../../src/flow/tee/options.js';
import { tee } from '../../src/flow/tee.js';
import { succeeds } from '../helpers/claims.js';
import {
  bytesOf,
  CONNECTIONS,
  drawLength,
  give,
  isStream,
  KINDS,
  type Kind,
  openStored,
  openStream,
  STREAMS,
  take,
} from './ends.js';
import { FarEnd, type Giver, type Taker } from './peers.js';
import type { Stage } from './stage.js';

/** What happens to a flow beside what everybody does. */
const TROUBLES = ['none', 'none', 'none', 'quit', 'abort', 'silence'] as const;
type Trouble = (typeof TROUBLES)[number];

/** What a flow may fail with that is troubled so. */
const CODES: Readonly<Record<Trouble, RegExp>> = {
  none: /^$/,
  quit: /^(EPIPE|ECONNRESET|ERR_SLUICE_SOURCE_TRUNCATED)$/,
  abort: /^ABORT_ERR$/,
  silence: /^ERR_SLUICE_(IDLE|SLOW)$/,
};

const SYSTEM_CODE = /^(E[A-Z0-9]+|ERR_SLUICE_[A-Z_]+|ABORT_ERR)$/;

export interface Act {
  readonly name: string;
  /** Resolves when the flow is over, well or not; its near ends are closed then. */
  run(): Promise<void>;
  /** What is not as it should be, when the peers are at rest. */
  wrongs(): string[];
  /** Ends what the peers have kept. */
  end(): void;
}

/** What became of a flow. */
class Ending<Result> {
  result: Result | undefined;
  error: (Error & { code?: string; bytes?: number }) | undefined;

  async of(flow: Promise<Result>): Promise<void> {
    try {
      this.result = await flow;
    } catch (error) {
      this.error = error as Error;
    }
  }

  /** Whether it has failed as nothing allows. */
  wrongs({ hasFailed }: Stage, trouble: Trouble): string[] {
    if (this.error === undefined) return [];
    const { code = '' } = this.error;
    if (hasFailed ? SYSTEM_CODE.test(code) : CODES[trouble].test(code)) return [];
    return [`failed: ${this.error.stack}`];
  }
}

export function drawAct(stage: Stage): Act {
  const acts = [copying, copying, relaying, teeing];
  return (acts[stage.draw(acts.length)] ?? copying)(stage);
}

const oneOf = <T>({ draw }: Stage, list: readonly T[]): T => list[draw(list.length)] as T;

/** A signal that aborts after some tasks of the scheduler, where that is the trouble. */
function signalFor({ draw, scheduler }: Stage, trouble: Trouble): AbortSignal | undefined {
  if (trouble !== 'abort') return undefined;
  const controller = new AbortController();
  let left = draw(60);
  const count = () => {
    if (left-- > 0) scheduler.schedule(count);
    else controller.abort();
  };
  count();
  return controller.signal;
}

function limitsOf(stage: Stage, trouble: Trouble) {
  const signal = signalFor(stage, trouble);
  if (trouble === 'silence') return { signal, idleTimeoutMs: 1000 };
  // Where time passes only when nothing else happens, no limit is ever reached.
  return stage.isHasty || stage.draw(2) === 0 ? { signal } : { signal, idleTimeoutMs: 60_000 };
}

interface Source {
  readonly near: Fd;
  readonly giver: Giver | undefined;
}

function sourceOf(stage: Stage, kind: Kind, bytes: Uint8Array, trouble: Trouble): Source {
  if (!isStream(kind)) return { near: openStored(stage, kind, bytes), giver: undefined };
  const { near, far } = openStream(stage, kind, true);
  const silent = trouble === 'silence';
  const giver = give(stage, far, bytes, silent ? 'none' : 'close');
  return { near, giver };
}

/** What a target has got, and how it can be seen. */
interface Target {
  readonly near: Fd;
  readonly taker: Taker | undefined;
  /** Of a file. */
  readonly copy: FarEnd | undefined;
}

function targetOf(stage: Stage, kind: Kind, bytes: Uint8Array, quits: boolean): Target {
  if (!isStream(kind)) {
    const near = openStored(stage, kind, new Uint8Array());
    const copy = new FarEnd(stage.kernel, succeeds(stage.kernel.dup(near.fd)));
    return { near, taker: undefined, copy };
  }
  const { near, far } = openStream(stage, kind, false);
  const enough = quits ? stage.draw(bytes.length + 1) : Number.POSITIVE_INFINITY;
  return { near, taker: take(stage, far, bytes, enough), copy: undefined };
}

/** How many bytes have arrived there, all of them right, or what is wrong. */
function arrivedAt({ kernel }: Stage, { taker, copy }: Target, bytes: Uint8Array): number | string {
  if (taker !== undefined) return taker.wrong || taker.taken;
  const buffer = new Uint8Array(bytes.length + 1);
  const count = copy === undefined ? 0 : kernel.pread(copy.fd, buffer, 0);
  const isRight = Buffer.compare(buffer.subarray(0, count), bytes.subarray(0, count)) === 0;
  return isRight ? count : 'wrong bytes in the file';
}

function endTarget({ taker, copy }: Target): void {
  taker?.end.close();
  copy?.close();
}

function copying(stage: Stage): Act {
  const [from, to] = [oneOf(stage, KINDS), oneOf(stage, KINDS)];
  const trouble = oneOf(stage, TROUBLES);
  const bytes = bytesOf(drawLength(stage));
  const limit = stage.draw(4) === 0 ? stage.draw(bytes.length + 1) : undefined;
  const source = sourceOf(stage, from, bytes, trouble);
  const target = targetOf(stage, to, bytes, trouble === 'quit');
  const options = { ...limitsOf(stage, trouble), limit };
  const ending = new Ending<CopyResult>();
  let rest: string[] = [];
  return {
    name: `copy of ${bytes.length} bytes, ${from} to ${to}, limit ${limit}, ${trouble}`,
    async run() {
      await ending.of(copy(stage.runtime, source.near, target.near, options));
      if (ending.result !== undefined) rest = nextIn(stage, source.near, bytes, ending.result);
      close(source.near, target.near);
    },
    wrongs() {
      const arrived = arrivedAt(stage, target, bytes);
      if (typeof arrived === 'string') return [arrived];
      const wrongs = [...rest, ...ending.wrongs(stage, trouble)];
      const claimed = ending.result?.bytes ?? ending.error?.bytes;
      if (trouble !== 'quit' && arrived !== claimed) wrongs.push(`${arrived} of ${claimed} came`);
      const wanted = Math.min(limit ?? bytes.length, bytes.length);
      if (ending.result && claimed !== wanted) wrongs.push(`ended after ${claimed} of ${wanted}`);
      return wrongs;
    },
    end() {
      source.giver?.end.close();
      endTarget(target);
    },
  };
}

/** Whether the byte after the last that was copied is the next in the source. */
function nextIn({ kernel }: Stage, near: Fd, bytes: Uint8Array, { bytes: done }: CopyResult) {
  const buffer = new Uint8Array(100);
  const count = Math.max(kernel.read(near.fd, buffer), 0);
  const next = bytes.subarray(done, done + count);
  const isRight = Buffer.compare(buffer.subarray(0, count), next) === 0;
  return isRight ? [] : ['the source has lost bytes, or has some again'];
}

/** Closed by a kernel that may fail: the number is free all the same. */
function close(...fds: readonly Fd[]): void {
  for (const fd of fds) {
    try {
      fd.close();
    } catch {
      // Of a fault.
    }
  }
}

interface Side {
  readonly near: Fd;
  readonly far: FarEnd;
  readonly taker: Taker;
}

function relaying(stage: Stage): Act {
  const trouble = oneOf(stage, TROUBLES);
  const [up, down] = [bytesOf(drawLength(stage)), bytesOf(drawLength(stage))];
  const side = (gives: Uint8Array, takes: Uint8Array, quits: boolean): Side => {
    const { near, far } = openStream(stage, oneOf(stage, CONNECTIONS), true);
    give(stage, far, gives, trouble === 'silence' ? 'none' : 'shutdown');
    const enough = quits ? stage.draw(takes.length + 1) : Number.POSITIVE_INFINITY;
    return { near, far, taker: take(stage, far, takes, enough) };
  };
  const [a, b] = [side(up, down, trouble === 'quit'), side(down, up, false)];
  const ending = new Ending<RelayResult>();
  return {
    name: `relay of ${up.length} and ${down.length} bytes, ${trouble}`,
    async run() {
      await ending.of(relay(stage.runtime, a.near, b.near, limitsOf(stage, trouble)));
      close(a.near, b.near);
    },
    wrongs() {
      const wrongs = [a.taker.wrong, b.taker.wrong].filter(Boolean);
      wrongs.push(...ending.wrongs(stage, trouble));
      const { result } = ending;
      if (result === undefined) return wrongs;
      const { sent, received, reset } = result;
      if (reset && trouble !== 'quit' && !stage.hasFailed) wrongs.push('a reset of nobody');
      if (sent < b.taker.taken || received < a.taker.taken) wrongs.push('more came than was sent');
      const told = [sent, received, b.taker.taken, a.taker.taken, b.taker.hasEnd, a.taker.hasEnd];
      const whole = [up.length, down.length, up.length, down.length, true, true];
      if (!reset && trouble !== 'quit' && told.join() !== whole.join()) wrongs.push(`${told}`);
      return wrongs;
    },
    end() {
      for (const { far } of [a, b]) far.close();
    },
  };
}

function teeing(stage: Stage): Act {
  const trouble = oneOf(stage, TROUBLES);
  const bytes = bytesOf(drawLength(stage));
  const from = oneOf(stage, KINDS);
  const limit = stage.draw(4) === 0 ? stage.draw(bytes.length + 1) : undefined;
  const source = sourceOf(stage, from, bytes, trouble);
  const kinds = Array.from({ length: 1 + stage.draw(3) }, () => oneOf(stage, [...STREAMS, 'file']));
  const targets = kinds.map((kind, index) =>
    targetOf(stage, kind as Kind, bytes, trouble === 'quit' && index === 0),
  );
  const options = { ...limitsOf(stage, trouble), limit };
  const ending = new Ending<TeeResult>();
  return {
    name: `tee of ${bytes.length} bytes, ${from} to ${kinds}, limit ${limit}, ${trouble}`,
    async run() {
      const nears = targets.map(({ near }) => near);
      await ending.of(tee(stage.runtime, source.near, nears, options));
      close(source.near, ...nears);
    },
    wrongs() {
      const wrongs = ending.wrongs(stage, trouble);
      const told = ending.result ?? (ending.error as TeeFailure | undefined)?.result;
      const wanted = Math.min(limit ?? bytes.length, bytes.length);
      for (const [index, target] of targets.entries()) {
        const arrived = arrivedAt(stage, target, bytes);
        const { bytes: claimed, error } = told?.targets[index] ?? {};
        if (typeof arrived === 'string') wrongs.push(`${arrived} at ${index}`);
        if (trouble === 'quit' && index === 0) continue;
        if (told && arrived !== claimed) wrongs.push(`${arrived} of ${claimed} came at ${index}`);
        if (error && ending.result && !stage.hasFailed)
          wrongs.push(`${index} lost: ${error.stack}`);
        if (!error && ending.result && arrived !== wanted) wrongs.push(`${arrived} at ${index}`);
      }
      return wrongs;
    },
    end() {
      source.giver?.end.close();
      for (const target of targets) endTarget(target);
    },
  };
}
