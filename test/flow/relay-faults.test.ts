/**
 * Each call of a relay fails once, in each way: what arrives is what was sent as far as it goes, a
 * relay that says it is complete is, nothing is left open, and every promise is settled.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { relay } from '../../src/flow/relay.js';
import type { Fd } from '../../src/index.js';
import * as e from '../../src/kernel/errno.js';
import { type CallName, type Fault, type FaultPlan, fault } from '../../src/kernel/fault.js';
import { linux } from '../../src/kernel/linux.js';
import { pattern } from '../helpers/claims.js';
import { VirtualClock } from '../helpers/clock.js';
import { connected, KINDS, type Kind } from '../helpers/connections.js';
import { openFiles, runtimeOver } from '../helpers/flows.js';
import { turns } from '../helpers/runtime.js';

const UP = pattern(200_000, 1);
const DOWN = pattern(3000, 2);

interface Outcome {
  readonly error: NodeJS.ErrnoException | undefined;
  /** It ended well, and no side was cut off. */
  readonly complete: boolean;
  readonly atServer: Uint8Array;
  readonly atClient: Uint8Array;
  readonly sent: number;
}

/** What a peer gets: all up to an end or a reset. */
async function takeAll(fd: Fd): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const buffer = new Uint8Array(65536);
    const length = await fd.read(buffer).catch(() => 0);
    if (length === 0) return Buffer.concat(pieces);
    pieces.push(buffer.subarray(0, length));
  }
}

async function giveAll(fd: Fd, bytes: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < bytes.length; ) at += await fd.write(bytes.subarray(at));
    fd.shutdown('write');
  } catch {
    // A reset: the relay says why.
  }
}

async function run(kind: Kind, plan: FaultPlan, onFault: (fault: Fault) => void): Promise<Outcome> {
  const clock = new VirtualClock();
  const runtime = runtimeOver(fault(linux, plan, onFault), clock);
  const [client, front] = connected(kind);
  const [back, server] = connected(kind);
  let settled = false;
  let error: NodeJS.ErrnoException | undefined;
  const relaying = relay(runtime, front, back, { idleTimeoutMs: 1000 })
    .catch((failure: NodeJS.ErrnoException & { sent?: number }) => {
      error = failure;
      for (const fd of [front, back]) if (!fd.closed) fd.close();
      return { sent: failure.sent ?? 0, reset: true };
    })
    .finally(() => {
      settled = true;
    });
  const peers = Promise.all([
    takeAll(server),
    takeAll(client),
    giveAll(client, UP),
    giveAll(server, DOWN),
  ]);
  // A relay whose peers have gone without a word is ended by its idle timeout.
  for (let turn = 0; !settled; turn++) {
    await turns(1);
    if (turn > 300) clock.advance(1000);
  }
  const { sent, reset } = await relaying;
  const [atServer, atClient] = await peers;
  client.close();
  server.close();
  assert.equal(clock.timers, 0);
  return { error, complete: error === undefined && !reset, atServer, atClient, sent };
}

function assertSafe({ complete, atServer, atClient, sent }: Outcome, plan: string): void {
  assert.ok(Buffer.from(UP.subarray(0, atServer.length)).equals(atServer), plan);
  assert.ok(Buffer.from(DOWN.subarray(0, atClient.length)).equals(atClient), plan);
  assert.ok(atServer.length <= sent || !complete, plan);
  if (!complete) return;
  assert.equal(atServer.length, UP.length, plan);
  assert.equal(atClient.length, DOWN.length, plan);
}

const FAULTS: Readonly<Partial<Record<CallName, readonly number[]>>> = {
  recv: [e.EINTR, e.EAGAIN, e.ENOMEM, e.EIO, e.ECONNRESET, e.ENOTCONN, e.ETIMEDOUT],
  send: [e.EINTR, e.EAGAIN, e.ENOMEM, e.EIO, e.EPIPE, e.ECONNRESET, e.ENOBUFS],
  splice: [e.EINTR, e.EAGAIN, e.ENOMEM, e.EIO, e.EINVAL, e.EPIPE, e.ECONNRESET],
  pipe2: [e.EMFILE, e.ENFILE, e.ENOMEM],
  fcntl: [e.EPERM, e.EBUSY, e.EBADF],
  getsockopt: [e.EBADF, e.ENOTSOCK, e.ENOMEM],
  shutdown: [e.ENOTCONN, e.ENOMEM],
  connect: [e.EINTR, e.EIO],
  epoll_create1: [e.EMFILE, e.ENFILE, e.ENOMEM],
  epoll_ctl: [e.ENOMEM, e.ENOSPC],
  epoll_wait: [e.EINTR],
  close: [e.EINTR, e.EIO],
  openat: [e.ENOENT, e.EMFILE],
  read: [e.EIO, e.EINTR],
};

const MOST_CALLS = 60;

for (const kind of KINDS) {
  test(`each call of a ${kind} relay fails once: safe, closed, settled`, async () => {
    const before = openFiles();
    let runs = 0;
    for (const [call, errnos] of Object.entries(FAULTS) as [CallName, readonly number[]][]) {
      for (const errno of errnos) runs += await failEach(kind, call, errno);
    }
    assert.ok(runs > 150, `${runs} faults`);
    assert.deepEqual(openFiles(), before);
  });
}

/** The nth call, for n from 1 until there is none; answers how many there were. */
async function failEach(kind: Kind, call: CallName, errno: number): Promise<number> {
  for (let nth = 1; nth <= MOST_CALLS; nth = nth < 12 ? nth + 1 : nth + 7) {
    const plan = { faults: [{ call, nth, errno }] };
    let fired = false;
    const outcome = await run(kind, plan, () => {
      fired = true;
    });
    assertSafe(outcome, JSON.stringify({ kind, ...plan }));
    if (!fired) return nth - 1;
  }
  return MOST_CALLS;
}

test('short counts and interruptions by chance: all arrives, from 40 seeds', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const calls = ['recv', 'send', 'splice'] as const;
    const plan = { random: { seed, rate: 0.3, calls, errnos: [e.EINTR] } };
    const outcome = await run(seed % 2 === 0 ? 'tcp' : 'unix', plan, () => {});
    assertSafe(outcome, JSON.stringify(plan));
  }
});
