/** relay(): what peers, limits and other programs do to it. Each test has its row's id. */
import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { type Fd, linux, pipe, relay } from '../../src/index.js';
import { EAGAIN, EMFILE, ENOSPC } from '../../src/kernel/errno.js';
import * as f from '../../src/kernel/flags.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { createRuntime } from '../../src/sim.js';
import { pattern, string, succeeds, text } from '../helpers/claims.js';
import { VirtualClock } from '../helpers/clock.js';
import {
  connected,
  receiveAll,
  receiveExactly,
  relayed,
  reset,
  send,
} from '../helpers/connections.js';
import { withCalls } from '../helpers/runtime.js';
import { turns } from '../helpers/turns.js';

const sluice = { relay };

/** Functions whose recv, send and splice are counted. */
function countingCalls(): { relay: typeof relay; calls: () => number } {
  let calls = 0;
  const counted =
    <Call extends (...parameters: never[]) => number>(call: Call) =>
    (...parameters: Parameters<Call>) => {
      calls++;
      return call(...parameters);
    };
  const { recv, send, splice } = linux;
  const replaced = { recv: counted(recv), send: counted(send), splice: counted(splice) };
  return { relay: withCalls(replaced).relay as typeof relay, calls: () => calls };
}

function sendUrgent(fd: Fd): void {
  succeeds(linux.send(fd.fd, text('!'), f.MSG_OOB), 1);
}

async function feedWithUrgent(fd: Fd, bytes: Uint8Array, offset: number): Promise<void> {
  await send(fd, bytes.subarray(0, offset));
  sendUrgent(fd);
  await send(fd, bytes.subarray(offset));
  fd.shutdown('write');
}

async function relayWithUrgent(
  functions: Parameters<typeof relayed>[0],
  bytes: Uint8Array,
  offset: number,
): Promise<void> {
  const { client, server, result } = relayed(functions);
  const [arrived] = await Promise.all([receiveAll(server), feedWithUrgent(client, bytes, offset)]);
  assert.ok(Buffer.from(bytes).equals(arrived), `offset ${offset}`);
  server.close();
  client.close();
  await result;
}

test('Z7: an urgent byte at each of 1,000 offsets: all others arrive, nothing spins', async () => {
  const bytes = pattern(1200);
  const functions = countingCalls();
  for (let offset = 0; offset < 1000; offset++) {
    await relayWithUrgent(functions, bytes, offset);
  }
  assert.ok(functions.calls() < 25_000, `${functions.calls()} calls`);
});

test('Z7: an urgent byte in a flood: neither a refusal nor a false end stops it', async () => {
  const bytes = pattern(1_500_000);
  const functions = countingCalls();
  for (let offset = 60_000; offset < bytes.length; offset += 71_111) {
    await relayWithUrgent(functions, bytes, offset);
  }
  assert.ok(functions.calls() < 10_000, `${functions.calls()} calls`);
});

test('Z7: without a word of epoll, the second refusal in a row is a plain read', async () => {
  let refusals = 0;
  const functions = withCalls({
    splice: (...parameters) => {
      if (parameters[5] !== undefined && refusals < 2 && parameters[1] === null) {
        const toPipe = isPipe(parameters[2]);
        if (toPipe) refusals++;
        if (toPipe) return -EAGAIN;
      }
      return linux.splice(...parameters);
    },
  });
  const { client, server, result } = relayed(functions);
  const bytes = pattern(200_000);
  const sending = send(client, bytes);
  const arrived = receiveExactly(server, bytes.length);
  await sending;
  const more = send(client, text('next'));
  assert.ok(Buffer.from(bytes).equals(await arrived));
  await more;
  assert.equal(string(await receiveExactly(server, 4)), 'next');
  client.close();
  server.close();
  await result;
});

function isPipe(fd: number): boolean {
  return linux.fcntl(fd, f.F_GETPIPE_SZ) > 0;
}

test('Z6: 100,000 messages of ten bytes, to a slow reader: none is lost', async () => {
  const { client, server, result } = relayed(sluice, 'unix');
  const message = text('0123456789');
  const feed = async () => {
    for (let n = 0; n < 100_000; n++) await send(client, message);
    client.shutdown('write');
  };
  const read = async () => {
    await turns(50);
    return receiveAll(server, 7001);
  };
  const [arrived] = await Promise.all([read(), feed()]);
  assert.equal(string(arrived), '0123456789'.repeat(100_000));
  server.close();
  await result;
  client.close();
});

test('Z6, Z19: ten-byte messages after a flood fill a pipe by slots; none is lost', async () => {
  let slots = 0;
  const functions = withCalls({
    splice: (...parameters) => {
      const moved = linux.splice(...parameters);
      if (isPipe(parameters[2]) && moved > 0 && moved <= 160) slots++;
      return moved;
    },
  });
  const message = text('0123456789');
  const flood = pattern(100_000);
  const { client, server, result } = relayed(functions, 'unix');
  for (let round = 0; round < 200; round++) {
    // All of it before the relay runs: each message has a buffer of its own behind the flood.
    const arriving = receiveExactly(server, flood.length + 600);
    succeeds(linux.send(client.fd, flood, 0), flood.length);
    for (let n = 0; n < 60; n++) succeeds(linux.send(client.fd, message, 0), 10);
    const arrived = await arriving;
    assert.ok(Buffer.from(flood).equals(arrived.subarray(0, flood.length)));
    assert.equal(string(arrived.subarray(flood.length)), '0123456789'.repeat(60));
  }
  client.close();
  server.close();
  await result;
  assert.ok(slots > 0, `${slots} fills of at most 16 slots`);
});

test('F8: without a descriptor for a pipe a flood is copied', async () => {
  const { relay: copying } = withCalls({ pipe2: () => -EMFILE });
  const { client, server, result } = relayed({ relay: copying });
  const bytes = pattern(2_000_000);
  const [arrived] = await Promise.all([
    receiveAll(server),
    send(client, bytes).then(() => client.close()),
  ]);
  assert.ok(Buffer.from(bytes).equals(arrived));
  server.close();
  await result;
});

test('Z17: no byte for idleTimeoutMs ends it with a reset; each byte begins it anew', async () => {
  const clock = new VirtualClock();
  const functions = createRuntime({ kernel: linux, clock });
  const options = { idleTimeoutMs: 1000 };
  const { client, server, result } = relayed(functions, 'tcp', options);
  for (let n = 0; n < 5; n++) {
    await send(client, text('.'));
    await receiveExactly(server, 1);
    clock.advance(999);
  }
  const ended = assert.rejects(result, { code: 'ERR_SLUICE_IDLE', sent: 5, received: 0 });
  clock.advance(1);
  await ended;
  await assert.rejects(receiveAll(server), { code: 'ECONNRESET' });
  assert.equal(clock.timers, 0);
  client.close();
  server.close();
});

test('Z17: after one side has ended the other limit holds', async () => {
  const clock = new VirtualClock();
  const functions = createRuntime({ kernel: linux, clock });
  const options = { idleTimeoutMs: 60_000, halfCloseTimeoutMs: 500 };
  const { client, server, result } = relayed(functions, 'tcp', options);
  client.shutdown('write');
  assert.equal((await receiveAll(server)).length, 0);
  clock.advance(499);
  await send(server, text('late'));
  assert.equal(string(await receiveExactly(client, 4)), 'late');
  const ended = assert.rejects(result, { code: 'ERR_SLUICE_IDLE', received: 4 });
  clock.advance(500);
  await ended;
  client.close();
  server.close();
});

test('Z17: a trickle is not idle, but slower than the minimum rate', async () => {
  const clock = new VirtualClock();
  const functions = createRuntime({ kernel: linux, clock });
  const options = { idleTimeoutMs: 11_000, minBytesPerSecond: 1 };
  const slow = relayed(functions, 'tcp', options);
  const good = relayed(functions, 'tcp', options);
  const ended = assert.rejects(slow.result, { code: 'ERR_SLUICE_SLOW', sent: 1 });
  for (const [{ client, server }, bytes] of [
    [slow, text('.')],
    [good, text('. . . . . . . . . .')],
  ] as const) {
    await send(client, bytes);
    await receiveExactly(server, bytes.length);
  }
  clock.advance(9000);
  await send(good.client, text('more'));
  await receiveExactly(good.server, 4);
  clock.advance(1000);
  await ended;
  good.client.close();
  good.server.close();
  assert.equal((await good.result).sent, 23);
  assert.equal(clock.timers, 0);
  slow.client.close();
  slow.server.close();
});

test('a signal has no listener left when the relay is over', async () => {
  const { signal } = new AbortController();
  const { client, server, result } = relayed(sluice, 'unix', { signal });
  await turns(2);
  assert.equal(getEventListeners(signal, 'abort').length, 1);
  client.close();
  server.close();
  await result;
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('epoll without room rejects, and both sides see a reset', async () => {
  const { relay: refused } = withCalls({ epoll_ctl: () => -ENOSPC });
  const { client, server, result } = relayed({ relay: refused });
  await assert.rejects(result, { code: 'ENOSPC', syscall: 'epoll_ctl' });
  await assert.rejects(receiveAll(client), { code: 'ECONNRESET' });
  client.close();
  server.close();
});

test('a signal that interrupts a call is not seen', async () => {
  const interrupted = new Map<string, number>();
  const once = (name: 'recv' | 'send' | 'splice') => {
    const call = linux[name] as (...parameters: unknown[]) => number;
    return (...parameters: unknown[]) => {
      const count = (interrupted.get(name) ?? 0) + 1;
      interrupted.set(name, count);
      return count % 2 === 1 ? -4 : call(...parameters);
    };
  };
  const calls = { recv: once('recv'), send: once('send'), splice: once('splice') };
  const { client, server, result } = relayed(withCalls(calls as Partial<Kernel>));
  const bytes = pattern(1_000_000);
  const [arrived] = await Promise.all([
    receiveAll(server),
    send(client, bytes).then(() => client.close()),
  ]);
  assert.ok(Buffer.from(bytes).equals(arrived));
  server.close();
  await result;
});

/** A Node socket that has connected, and the one that a server got for it. */
async function nodePair(pauseOnConnect: boolean): Promise<[Socket, Socket]> {
  const server = createServer({ pauseOnConnect, allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [accepted] = (await once(server, 'connection')) as [Socket];
  server.close();
  return [client, accepted];
}

async function everything(socket: Socket): Promise<string> {
  let all = '';
  socket.on('data', (piece) => {
    all += String(piece);
  });
  await once(socket, 'end');
  return all;
}

test('F3: sockets of Node: what Node had read goes first, and the end is seen', async () => {
  for (const pauseOnConnect of [true, false]) {
    const [client, front] = await nodePair(pauseOnConnect);
    const [server, back] = await nodePair(pauseOnConnect);
    client.write('first ');
    if (!pauseOnConnect) await once(front, 'readable');
    const result = relay(front, back);
    client.end('second');
    assert.equal(await everything(server), 'first second');
    server.end('answer');
    assert.equal(await everything(client), 'answer');
    assert.deepEqual(await result, { sent: 12, received: 6, reset: false });
    assert.ok(front.destroyed && back.destroyed);
  }
});

test('an endpoint is connected to; where it refuses, the other side is left as it is', async () => {
  const server = createServer((socket) => socket.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [client, front] = connected('tcp');
  const result = relay(front, { port, host: '127.0.0.1' });
  assert.equal(string(await receiveAll(client)), 'hello');
  client.close();
  assert.deepEqual(await result, { sent: 0, received: 5, reset: false });
  server.close();
  await once(server, 'close');
  const [near, far] = connected('unix');
  await assert.rejects(relay(far, { port, host: '127.0.0.1' }), { code: 'ECONNREFUSED' });
  await assert.rejects(relay({ path: '/nowhere' }, far), { code: 'ENOENT' });
  const { signal } = { signal: AbortSignal.abort() };
  await assert.rejects(relay({ port }, far, { signal }), { name: 'AbortError' });
  assert.equal(far.closed, false);
  near.close();
  far.close();
});

test('F3: what Node had read is Node’s again where the other side is refused', async () => {
  const [client, front] = await nodePair(false);
  client.write('first ');
  await once(front, 'readable');
  using p = pipe();
  await assert.rejects(relay(front, p.reader), { code: 'ERR_SLUICE_NO_CONNECTION' });
  const reading = everything(front);
  front.resume();
  client.end('second');
  assert.equal(await reading, 'first second');
  front.destroy();
});

test('F3: a reset reaches the far side though Node holds a descriptor too', async () => {
  const [client, front] = await nodePair(true);
  const [back, server] = connected('tcp');
  const result = relay(front, back);
  const failed = once(client, 'error') as Promise<[NodeJS.ErrnoException]>;
  reset(server);
  assert.equal((await failed)[0].code, 'ECONNRESET');
  assert.equal((await result).reset, true);
});
