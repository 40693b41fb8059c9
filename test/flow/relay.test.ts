/** relay(): what arrives, and how ends are carried across. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { adopt, copy, Fd, pipe, relay, socketPair } from '../../src/index.js';
import * as f from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { linuxRuntime } from '../../src/node/runtime.js';
import { pattern, string, succeeds, text } from '../helpers/claims.js';
import {
  connected,
  KINDS,
  receiveAll,
  receiveExactly,
  relayed,
  send,
} from '../helpers/connections.js';
import { counting, withCalls } from '../helpers/runtime.js';
import { turns } from '../helpers/turns.js';

const sluice = { relay };
const descriptors = () => readdirSync('/proc/self/fd').length;
const RESET = { code: 'ECONNRESET' };

for (const kind of KINDS) {
  test(`relay() ${kind}: both directions, and the end of each`, async () => {
    const { client, server, result } = relayed(sluice, kind);
    await send(client, text('question'));
    assert.equal(string(await receiveExactly(server, 8)), 'question');
    await send(server, text('answer'));
    server.shutdown('write');
    assert.equal(string(await receiveAll(client)), 'answer');
    await send(client, text('?'));
    client.close();
    assert.equal(string(await receiveAll(server)), '?');
    server.close();
    assert.deepEqual(await result, { sent: 9, received: 6, reset: false });
  });

  test(`relay() ${kind}: a flood both ways arrives byte for byte`, async () => {
    const { client, server, result } = relayed(sluice, kind);
    const [up, down] = [pattern(8_000_000, 1), pattern(5_000_001, 2)];
    const feed = async (fd: Fd, bytes: Uint8Array) => {
      await send(fd, bytes);
      fd.shutdown('write');
    };
    const [atServer, atClient] = await Promise.all([
      receiveAll(server),
      receiveAll(client),
      feed(client, up),
      feed(server, down),
    ]);
    assert.ok(Buffer.from(up).equals(atServer));
    assert.ok(Buffer.from(down).equals(atClient));
    assert.deepEqual(await result, { sent: up.length, received: down.length, reset: false });
    client.close();
    server.close();
  });

  test(`relay() ${kind}: a reader of one byte at a time`, async () => {
    const { client, server, result } = relayed(sluice, kind);
    const bytes = pattern(20_000);
    const [, arrived] = await Promise.all([
      send(client, bytes).then(() => client.shutdown('write')),
      receiveAll(server, 1),
    ]);
    assert.ok(Buffer.from(bytes).equals(arrived));
    server.close();
    await result;
    client.close();
  });
}

test('small traffic takes no pipe, a flood takes one from its second buffer on', async () => {
  const functions = counting();
  const { client, server, result } = relayed(functions);
  for (let n = 0; n < 100; n++) {
    await send(client, new Uint8Array(1000));
    await receiveExactly(server, 1000);
  }
  assert.equal(functions.counts.pipe2, 0);
  assert.equal(functions.counts.splice, 0);
  await Promise.all([send(client, new Uint8Array(4_000_000)), receiveExactly(server, 4_000_000)]);
  assert.ok(functions.counts.splice > 2);
  assert.ok(functions.counts.pipe2 <= 3, 'one of each size');
  client.close();
  server.close();
  await result;
});

test('relay() one message costs one read and one send', async () => {
  const functions = counting();
  const { client, server, result } = relayed(functions);
  await turns(5);
  const before = { ...functions.counts };
  for (let n = 0; n < 50; n++) {
    await send(client, new Uint8Array(1000));
    await receiveExactly(server, 1000);
  }
  assert.equal(functions.counts.recv - before.recv, 50);
  assert.equal(functions.counts.send - before.send, 50);
  client.close();
  server.close();
  await result;
});

test('relay() leaves nothing: descriptors, pipes, listeners of the signal', async () => {
  const before = descriptors();
  const controller = new AbortController();
  const functions = counting();
  for (let round = 0; round < 20; round++) {
    const options = { signal: controller.signal };
    const { client, server, result } = relayed(functions, 'tcp', options);
    const bytes = new Uint8Array(300_000);
    const [arrived] = await Promise.all([receiveExactly(server, 300_000), send(client, bytes)]);
    assert.equal(arrived.length, bytes.length);
    client.close();
    server.close();
    await result;
  }
  assert.ok(functions.counts.splice > 0);
  // The poller of these functions has an epoll descriptor.
  assert.ok(descriptors() <= before + 1);
});

test('an abort leaves nothing, is a reset for both sides, and says how much arrived', async () => {
  const before = descriptors();
  for (let round = 0; round < 20; round++) {
    const controller = new AbortController();
    const { client, server, result } = relayed(sluice, 'tcp', { signal: controller.signal });
    await send(client, text('hello'));
    await receiveExactly(server, 5);
    const blocked = send(client, new Uint8Array(20_000_000));
    await turns(round);
    controller.abort('enough');
    await assert.rejects(result, (error: { name: string; cause: string; sent: number }) => {
      assert.equal(error.name, 'AbortError');
      assert.equal(error.cause, 'enough');
      assert.ok(error.sent >= 5);
      return true;
    });
    await assert.rejects(blocked, /ECONNRESET|EPIPE/);
    await assert.rejects(receiveAll(server), RESET);
    client.close();
    server.close();
  }
  assert.equal(descriptors(), before);
});

test('a signal that has aborted already: nothing is taken over', async () => {
  const [a, b] = socketPair();
  await assert.rejects(relay(a, b, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  assert.equal(a.closed || b.closed, false);
  a.close();
  b.close();
});

test('Z5: descriptors that block never stop the loop, and their bytes arrive', async () => {
  const functions = counting();
  const [client, front] = connected('tcp');
  const [back, server] = connected('tcp');
  front.nonBlocking = false;
  back.nonBlocking = false;
  const result = functions.relay(front, back);
  const bytes = pattern(3_000_000);
  const sending = send(client, bytes);
  await turns(20);
  const arrived = await receiveExactly(server, bytes.length);
  await sending;
  assert.ok(Buffer.from(bytes).equals(arrived));
  assert.equal(functions.counts.splice, 0);
  client.close();
  server.close();
  await result;
});

test('Z18: no call says that more will follow', async () => {
  const flags: number[] = [];
  const functions = withCalls({
    splice: (fdIn, offsetIn, fdOut, offsetOut, length, flag) => {
      flags.push(flag & f.SPLICE_F_MORE);
      return linux.splice(fdIn, offsetIn, fdOut, offsetOut, length, flag);
    },
    send: (fd, memory, flag) => {
      flags.push(flag & f.MSG_MORE);
      return linux.send(fd, memory, flag);
    },
  });
  const { client, server, result } = relayed(functions);
  await Promise.all([send(client, new Uint8Array(500_000)), receiveExactly(server, 500_000)]);
  for (let n = 0; n < 100; n++) {
    await send(client, text('.'));
    await receiveExactly(server, 1);
  }
  client.close();
  server.close();
  await result;
  assert.ok(flags.length > 100);
  assert.ok(flags.every((flag) => flag === 0));
});

test('Z20: only stream sockets are relayed; what is refused stays the caller’s', async () => {
  const p = pipe();
  const refused = { code: 'ERR_SLUICE_NO_CONNECTION' };
  for (const type of ['datagram', 'seqpacket'] as const) {
    const [left, right] = socketPair({ type });
    const [a, b] = socketPair();
    await assert.rejects(relay(left, a), refused);
    await assert.rejects(relay(a, right), refused);
    await assert.rejects(relay(a, p.reader), refused);
    await assert.rejects(relay(a, a), refused);
    for (const fd of [left, right, a, b]) fd.close();
  }
  p[Symbol.dispose]();
});

test('an Fd that a flow has is refused, and the other stays the caller’s', async () => {
  const [client, front] = connected('unix');
  const [back, server] = connected('unix');
  using p = pipe();
  using a = new Fd(linuxRuntime, front.release(), { buffered: text('question') });
  const copying = copy(back, p.writer);
  await turns(1);
  await assert.rejects(relay(a, back), { code: 'EBUSY' });
  assert.deepEqual([a.closed, a.buffered], [false, 8]);
  await assert.rejects(relay(back, a), { code: 'EBUSY' });
  server.close();
  assert.equal((await copying).bytes, 0);
  client.close();
  back.close();
});

test('what Node had read is still there where the other connection is refused', async () => {
  using p = pipe();
  const [left, right] = socketPair();
  using a = new Fd(linuxRuntime, left.release(), { buffered: text('question') });
  await assert.rejects(relay(a, p.reader), { code: 'ERR_SLUICE_NO_CONNECTION' });
  assert.equal(a.buffered, 8);
  right.close();
});

test('F6: where SIGPIPE is deadly the relay is refused by name', async () => {
  const status = (mask: string) => text(`Name:\tx\nSigIgn:\t${mask}\nSigCgt:\t${mask}\n`);
  for (const [mask, deadly] of [
    ['0000000000000000', true],
    ['0000000000001000', false],
  ] as const) {
    const functions = withCalls({
      openat: (_directory, path, flags, mode) =>
        linux.openat(f.AT_FDCWD, String(path).replace('status', 'maps'), flags, mode),
      read: (_fd, memory) => {
        (memory as Uint8Array).set(status(mask));
        return status(mask).length;
      },
    });
    const [client, front] = connected('unix');
    const [back, server] = connected('unix');
    client.close();
    server.close();
    const result = functions.relay(front, back);
    if (deadly) await assert.rejects(result, { code: 'ERR_SLUICE_SIGPIPE' });
    else assert.deepEqual(await result, { sent: 0, received: 0, reset: false });
    front.close();
    back.close();
  }
});

test('a socket that is not connected rejects with ENOTCONN', async () => {
  const type = f.SOCK_STREAM | f.SOCK_NONBLOCK | f.SOCK_CLOEXEC;
  const lonely = adopt(succeeds(linux.socket(f.AF_INET, type, 0)));
  const [client, front] = connected('unix');
  await assert.rejects(relay(lonely, front), { code: 'ENOTCONN', syscall: 'recv' });
  client.close();
});

test('relay() names what it is given wrongly', async () => {
  const [a, b] = socketPair();
  const wrong = [
    [{ idleTimeoutMs: 'soon' }, 'ERR_INVALID_ARG_TYPE', /idleTimeoutMs/],
    [{ halfCloseTimeoutMs: 0 }, 'ERR_OUT_OF_RANGE', /halfCloseTimeoutMs/],
    [{ minBytesPerSecond: Number.NaN }, 'ERR_OUT_OF_RANGE', /minBytesPerSecond/],
    [{ signal: 5 }, 'ERR_INVALID_ARG_TYPE', /signal/],
  ] as const;
  for (const [options, code, message] of wrong) {
    await assert.rejects(relay(a, b, options as never), { code, message });
  }
  for (const [ends, name] of [
    [[undefined, b], 'a'],
    [[a, 'tcp:127.0.0.1:80'], 'b'],
    [[a, {}], 'b'],
  ] as const) {
    const message = new RegExp(`"${name}" argument must be a descriptor, a socket`);
    const refused = relay(...(ends as unknown as [Fd, Fd]));
    await assert.rejects(refused, { code: 'ERR_INVALID_ARG_TYPE', message });
  }
  assert.ok(a instanceof Fd && !a.closed);
  a.close();
  b.close();
});
