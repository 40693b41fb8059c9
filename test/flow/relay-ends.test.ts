/** relay(): how each end, clean or not, is carried across, wherever in the stream it comes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fd, relay } from '../../src/index.js';
import { EAGAIN } from '../../src/kernel/errno.js';
import * as f from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { mulberry32 } from '../../src/kernel/random.js';
import { createRuntime } from '../../src/sim.js';
import { pattern, string, succeeds, text } from '../helpers/claims.js';
import { VirtualClock } from '../helpers/clock.js';
import { receiveAll, receiveExactly, relayed, reset, send } from '../helpers/connections.js';
import { counting } from '../helpers/runtime.js';
import { turns } from '../helpers/turns.js';

const sluice = { relay };
const STREAM = pattern(30_000_000);

/** Sends `length` bytes, or as many as everything on the way holds; answers how many. */
async function sendInto(fd: Fd, length: number): Promise<number> {
  let sent = 0;
  for (let refusals = 0; sent < length && refusals < 20; ) {
    const count = linux.send(fd.fd, STREAM.subarray(sent, length), f.MSG_DONTWAIT);
    if (count === -EAGAIN) {
      refusals++;
      await turns(1);
    } else {
      sent += succeeds(count);
      refusals = 0;
    }
  }
  return sent;
}

/** What there is to read, and how it ended. */
async function readOut(fd: Fd): Promise<{ bytes: Buffer; end: 'FIN' | string }> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const buffer = new Uint8Array(65536);
    const count = await fd.read(buffer).catch((error: NodeJS.ErrnoException) => error);
    if (typeof count === 'number' && count > 0) pieces.push(buffer.subarray(0, count));
    else return { bytes: Buffer.concat(pieces), end: count === 0 ? 'FIN' : codeOf(count) };
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? '';

const ENDS = ['FIN', 'RST', 'timeout'] as const;
/** Nothing, a buffer, a flood, and more than all buffers on the way hold. */
const PENDING = [0, 1000, 150_000, STREAM.length] as const;

for (const end of ENDS) {
  test(`Z16: ${end} of either side is seen by the other, whatever is on its way`, async () => {
    for (const side of ['client', 'server'] as const) {
      for (const pending of PENDING) await mirrored(end, side, pending);
    }
  });
}

async function mirrored(
  end: (typeof ENDS)[number],
  side: 'client' | 'server',
  pending: number,
): Promise<void> {
  const clock = new VirtualClock();
  const functions = createRuntime({ kernel: linux, clock });
  const { client, server, result } = relayed(functions, 'tcp', { idleTimeoutMs: 1000 });
  const ending = result.catch(codeOf);
  const [near, far] = side === 'client' ? [client, server] : [server, client];
  await turns(2);
  const sent = await sendInto(near, pending);
  const what = `${end} of ${side} after ${sent} bytes`;
  if (end === 'FIN') near.close();
  if (end === 'RST') reset(near);
  if (end === 'timeout') clock.advance(1000);
  const seen = await readOut(far);
  assert.equal(seen.end, end === 'FIN' ? 'FIN' : 'ECONNRESET', what);
  assert.ok(seen.bytes.equals(STREAM.subarray(0, seen.bytes.length)), what);
  if (end === 'FIN') assert.equal(seen.bytes.length, sent, what);
  if (end === 'timeout') assert.equal((await readOut(near)).end, 'ECONNRESET', what);
  far.close();
  const outcome = await ending;
  if (typeof outcome === 'string') assert.equal(outcome, 'ERR_SLUICE_IDLE', what);
  else assert.equal(outcome.reset, end === 'RST', what);
  if (!near.closed) near.close();
}

test('Z16: a reset after an end of the same side is shown too', async () => {
  const { client, server, result } = relayed(sluice);
  server.shutdown('write');
  assert.equal((await receiveAll(client)).length, 0);
  reset(server);
  assert.equal((await result).reset, true);
  await assert.rejects(
    client.read(new Uint8Array(1)).then(() => send(client, text('x'))),
    {
      code: 'EPIPE',
    },
  );
  client.close();
});

test('Z16: what a side had sent before it was found dead is delivered first', async () => {
  const { client, server, result } = relayed(sluice);
  await send(server, text('last words'));
  await receiveExactly(client, 10);
  await send(server, text('and more'));
  server.close();
  assert.equal(string(await receiveAll(client)), 'and more');
  // The server is gone: its socket answers these with a reset.
  await send(client, new Uint8Array(100));
  assert.equal((await result).reset, true);
  client.close();
});

/** Around each power of two and each size that a step has, and some by chance. */
function places(most: number): number[] {
  const random = mulberry32(1);
  const powers = Array.from({ length: 18 }, (_, power) => 2 ** power);
  const near = [...powers, 131_072, 196_608, most].flatMap((at) => [at - 1, at, at + 1]);
  const some = Array.from({ length: 250 }, () => Math.floor(random() * most));
  return [0, ...near, ...some].filter((at) => at <= most);
}

test('Z8: an end at any place arrives once, after the last byte, at a slow reader', async () => {
  const bytes = pattern(200_000);
  const functions = counting();
  for (const length of places(bytes.length)) {
    const { client, server, result } = relayed(functions);
    const shutdowns = functions.counts.shutdown;
    const feeding = send(client, bytes.subarray(0, length)).then(() => client.close());
    await turns(length % 3);
    const arrived = await receiveAll(server, 9000 + (length % 7) * 1000);
    await feeding;
    assert.ok(Buffer.from(bytes.subarray(0, length)).equals(arrived), `${length}`);
    assert.equal(functions.counts.shutdown - shutdowns, 1);
    assert.equal(await server.read(new Uint8Array(1)), 0);
    server.close();
    await result;
  }
});

test('Z8: half-closes that cross in flight lose nothing', async () => {
  const bytes = pattern(700_000);
  for (let round = 0; round < 50; round++) {
    const { client, server, result } = relayed(sluice, round % 5 === 0 ? 'unix' : 'tcp');
    const [up, down] = [bytes.subarray(round * 1000), bytes.subarray(0, 600_000 + round)];
    const feed = (fd: Fd, part: Uint8Array) => send(fd, part).then(() => fd.shutdown('write'));
    const [atServer, atClient] = await Promise.all([
      receiveAll(server),
      receiveAll(client),
      feed(client, up),
      feed(server, down),
    ]);
    assert.ok(Buffer.from(up).equals(atServer), `round ${round}`);
    assert.ok(Buffer.from(down).equals(atClient), `round ${round}`);
    assert.equal((await result).reset, false);
    client.close();
    server.close();
  }
});

const SECRET = new Uint8Array(200_000).fill(0x53);

/** Functions that look into a pipe before anything is put there, and after its last use. */
function lookingIntoPipes() {
  const count = new Int32Array(1);
  const seen = { fills: 0, foreign: 0, lost: 0 };
  const inside = (fd: number) => (linux.ioctl(fd, f.FIONREAD, count) < 0 ? 0 : (count[0] ?? 0));
  const isPipe = (fd: number) => linux.fcntl(fd, f.F_GETPIPE_SZ) > 0;
  const functions = counting({
    splice: (...parameters) => {
      const target = parameters[2];
      if (isPipe(target)) seen.fills++;
      if (isPipe(target) && inside(target) > 0) seen.foreign++;
      return linux.splice(...parameters);
    },
    close: (fd) => {
      if (isPipe(fd) && inside(fd) > 0) seen.lost++;
      return linux.close(fd);
    },
  });
  return { functions, seen };
}

test('Z9: 10,000 aborted relays leave no byte in a pipe that is used again', async () => {
  const { functions, seen } = lookingIntoPipes();
  const keep = relayed(functions);
  const aborted = async () => {
    const controller = new AbortController();
    const first = relayed(functions, 'unix', { signal: controller.signal });
    await sendAllOf(first.client, SECRET);
    controller.abort();
    await assert.rejects(first.result, { name: 'AbortError' });
    for (const fd of [first.client, first.server]) fd.close();
  };
  for (let done = 0; done < 10_000; done += 50) {
    await Promise.all(Array.from({ length: 50 }, aborted));
    await exchange(functions, done);
  }
  assert.equal(seen.foreign, 0);
  assert.ok(seen.lost > 5000, `${seen.lost} pipes with bytes in them`);
  for (const fd of [keep.client, keep.server]) fd.close();
  await keep.result;
});

/** More than the two sockets hold, so that a pipe has the rest. */
async function sendAllOf(fd: Fd, bytes: Uint8Array): Promise<void> {
  for (let piece = 0; piece < 3; piece++) {
    linux.send(fd.fd, bytes, f.MSG_DONTWAIT);
    await turns(1);
  }
}

async function exchange(functions: Parameters<typeof relayed>[0], mark: number): Promise<void> {
  const { client, server, result } = relayed(functions);
  const own = new Uint8Array(400_000).fill(mark);
  const [arrived] = await Promise.all([
    receiveAll(server),
    send(client, own).then(() => client.close()),
  ]);
  assert.ok(Buffer.from(own).equals(arrived));
  server.close();
  await result;
}
