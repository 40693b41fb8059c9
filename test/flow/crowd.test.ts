/** Many flows at once: what one user's limits, and many slow clients, do to them. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { linux } from '../../src/index.js';
import { createRuntime } from '../../src/sim.js';
import { pattern, text } from '../helpers/claims.js';
import { VirtualClock } from '../helpers/clock.js';
import { type Relayed, receiveExactly, relayed, send } from '../helpers/connections.js';
import { openFiles } from '../helpers/flows.js';
import { NEEDS_ROOT } from '../helpers/limits.js';
import { turns } from '../helpers/turns.js';

const NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups'];

test('Z14: beyond pipe-user-pages-soft 2,000 relays of an ordinary user are exact', {
  skip: NEEDS_ROOT,
}, async () => {
  const worker = new URL('./ordinary-user.worker.js', import.meta.url).pathname;
  const command = ['--nofile=16384', 'setpriv', ...NOBODY, process.execPath, worker];
  const { stdout } = await promisify(execFile)('prlimit', command);
  assert.deepEqual(JSON.parse(stdout), {
    twoPages: true,
    relayed: 2000,
    copied: true,
    teed: [true, true],
  });
});

const TRICKLING = 1000;
const GOOD = 10;
const FLOOD = pattern(500_000);

/** Both ways, so that neither direction can hide a stall. */
async function talk({ client, server }: Relayed): Promise<void> {
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    const [arrived] = await Promise.all([receiveExactly(to, FLOOD.length), send(from, FLOOD)]);
    assert.ok(Buffer.from(FLOOD).equals(arrived));
  }
}

async function trickle({ client, server }: Relayed): Promise<void> {
  await send(client, text('.'));
  await receiveExactly(server, 1);
}

test('Z17: 1,000 clients that trickle are ended, and 10 good ones are not harmed', async () => {
  const before = openFiles();
  const clock = new VirtualClock();
  const functions = createRuntime({ kernel: linux, clock });
  const limits = { idleTimeoutMs: 10_000, minBytesPerSecond: 10 };
  const many = (length: number) => Array.from({ length }, () => relayed(functions, 'tcp', limits));
  const [slow, good] = [many(TRICKLING), many(GOOD)];
  const endings = Promise.allSettled(slow.map(({ result }) => result));
  await Promise.all(slow.map(trickle));
  clock.advance(9000);
  // A byte in nine seconds is enough for the idle timeout of ten.
  await Promise.all([...slow.map(trickle), ...good.map(talk)]);
  clock.advance(1000);
  for (const ending of await endings) {
    assert.equal(ending.status, 'rejected');
    const { code, sent } = ending.reason as { code: string; sent: number };
    assert.deepEqual([code, sent], ['ERR_SLUICE_SLOW', 2]);
  }
  await Promise.all(good.map(talk));
  for (const { client, server } of [...slow, ...good]) {
    client.close();
    server.close();
  }
  for (const { sent, received, reset } of await Promise.all(good.map(({ result }) => result))) {
    assert.deepEqual([sent, received, reset], [2 * FLOOD.length, 2 * FLOOD.length, false]);
  }
  await turns(2);
  assert.equal(clock.timers, 0);
  assert.deepEqual(openFiles(), before);
});

test('500 connections at rest make no call, and one that speaks wakes no other', async () => {
  let calls = 0;
  const counted = new Proxy(linux, {
    get(target, name: keyof typeof linux) {
      const call = target[name] as (...parameters: unknown[]) => unknown;
      return (...parameters: unknown[]) => {
        calls++;
        return call.apply(target, parameters);
      };
    },
  });
  const functions = createRuntime({ kernel: counted, clock: new VirtualClock() });
  const limits = { idleTimeoutMs: 60_000 };
  const all = Array.from({ length: 500 }, () => relayed(functions, 'tcp', limits));
  await Promise.all(all.map(trickle));
  // One side of some has ended, the other is still open: nothing hides a hang-up from epoll.
  for (const { client, server } of all.slice(0, 100)) {
    client.shutdown('write');
    assert.equal(await server.read(new Uint8Array(1)), 0);
  }
  await turns(20);
  calls = 0;
  await turns(500);
  assert.equal(calls, 0);
  await trickle(all[499] as Relayed);
  await turns(20);
  assert.ok(calls <= 6, `${calls} calls for one message`);
  for (const { client, server } of all) {
    client.close();
    server.close();
  }
  await Promise.all(all.map(({ result }) => result));
});
