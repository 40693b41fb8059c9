import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TeeFailure, TeeResult } from '../../src/flow/tee/options.js';
import { tee } from '../../src/flow/tee.js';
import * as e from '../../src/kernel/errno.js';
import { type Fault, type FaultPlan, fault } from '../../src/kernel/fault.js';
import * as f from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { pattern } from '../helpers/claims.js';
import { openFiles, runtimeOver, sourceOf } from '../helpers/flows.js';

const BYTES = pattern(30_000);

/** A pipe or a socket into a file, a pipe with room for everything, and one that is dead. */
const SCENARIOS = ['pipe', 'socket'] as const;

interface Outcome {
  readonly error: NodeJS.ErrnoException | undefined;
  readonly result: TeeResult;
  readonly contents: readonly Uint8Array[];
}

async function run(
  scenario: (typeof SCENARIOS)[number],
  plan: FaultPlan,
  onFault?: (fault: Fault) => void,
): Promise<Outcome> {
  const runtime = runtimeOver(fault(linux, plan, onFault));
  const source = scenario === 'pipe' ? sourceOf(BYTES).release() : socketOf(BYTES);
  const file = linux.memfd_create('tee', f.MFD_CLOEXEC);
  const [reader, writer] = openPipe();
  const [gone, dead] = openPipe();
  linux.close(gone);
  let error: NodeJS.ErrnoException | undefined;
  const result = await tee(runtime, source, [file, dead, writer]).catch((failure: TeeFailure) => {
    error = failure;
    return failure.result;
  });
  const fromFile = new Uint8Array(1 << 20);
  const fromPipe = new Uint8Array(1 << 20);
  linux.close(writer);
  const contents = [
    fromFile.subarray(0, linux.pread(file, fromFile, 0)),
    new Uint8Array(),
    fromPipe.subarray(0, linux.read(reader, fromPipe)),
  ];
  for (const fd of [source, file, reader, dead]) linux.close(fd);
  return { error, result, contents };
}

function openPipe(): [number, number] {
  const fds = new Int32Array(2);
  linux.pipe2(f.O_CLOEXEC | f.O_NONBLOCK, fds);
  linux.fcntl(fds[1] as number, f.F_SETPIPE_SZ, 1 << 20);
  return [...fds] as [number, number];
}

function socketOf(bytes: Uint8Array): number {
  const fds = new Int32Array(2);
  linux.socketpair(f.AF_UNIX, f.SOCK_STREAM | f.SOCK_CLOEXEC | f.SOCK_NONBLOCK, 0, fds);
  const [near, far] = fds as unknown as [number, number];
  assert.equal(linux.write(near, bytes), bytes.length);
  linux.close(near);
  return far;
}

/** Whatever failed: nobody has a byte that is not next, and what is counted is there. */
function assertSafe({ error, result, contents }: Outcome, plan: string): void {
  for (const [index, read] of contents.entries()) {
    const target = result?.targets[index];
    assert.equal(Buffer.compare(read, BYTES.subarray(0, read.length)), 0, plan);
    if (target === undefined) continue;
    assert.equal(target.bytes, read.length, plan);
    if (error !== undefined || target.error !== undefined) continue;
    assert.equal(read.length, BYTES.length, plan);
  }
}

const CALLS = ['fstat', 'fcntl', 'pipe2', 'openat', 'ioctl', 'poll', 'tee', 'splice'] as const;
const MORE_CALLS = ['close', 'epoll_create1', 'epoll_ctl', 'preadv2', 'page_size'] as const;
const ERRNOS = [e.EINTR, e.EAGAIN, e.ENOMEM, e.EIO, e.EPIPE, e.EINVAL];

for (const scenario of SCENARIOS) {
  test(`each call of a tee from a ${scenario} fails once: safe, closed, settled`, async () => {
    const before = openFiles();
    let runs = 0;
    for (const call of [...CALLS, ...MORE_CALLS]) {
      for (const errno of ERRNOS) runs += await failEach(scenario, call, errno);
    }
    assert.ok(runs > 100, `${runs} faults`);
    assert.deepEqual(openFiles(), before);
  });
}

/** Fails the first call of this name, then the second, until a run makes no more of them. */
async function failEach(
  scenario: (typeof SCENARIOS)[number],
  call: Fault['call'],
  errno: number,
): Promise<number> {
  for (let nth = 1; nth <= 60; nth++) {
    let met = false;
    const plan = { faults: [{ call, nth, errno }] };
    assertSafe(await run(scenario, plan, () => (met = true)), JSON.stringify([scenario, plan]));
    if (!met) return nth - 1;
  }
  return 60;
}

test('short counts and interruptions by chance change nothing', async () => {
  const before = openFiles();
  for (let seed = 1; seed <= 40; seed++) {
    const calls = ['tee', 'splice', 'write', 'read', 'preadv2', 'pwritev2'] as const;
    const plan = { random: { seed, rate: 0.3, calls, errnos: [e.EINTR] } };
    const outcome = await run(SCENARIOS[seed % 2] ?? 'pipe', plan);
    assert.equal(outcome.error, undefined);
    assertSafe(outcome, JSON.stringify(plan));
    assert.equal(outcome.result.bytes, BYTES.length);
  }
  assert.deepEqual(openFiles(), before);
});
