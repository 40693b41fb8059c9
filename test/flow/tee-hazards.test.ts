import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TeeFailure } from '../../src/flow/tee/options.js';
import { tee } from '../../src/flow/tee.js';
import { open, pipe, socketPair } from '../../src/index.js';
import { EPERM } from '../../src/kernel/errno.js';
import * as f from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { linuxRuntime as runtime } from '../../src/node/runtime.js';
import { pattern, succeeds, text } from '../helpers/claims.js';
import { connected, send } from '../helpers/connections.js';
import { drain, openFiles, runtimeOver, sourceOf } from '../helpers/flows.js';

const BYTES = pattern(100_000);

test('Z6 many small messages fill every slot of every pipe, and all arrive', async () => {
  const [source, narrow] = [pipe({ capacity: 1 << 20 }), pipe({ capacity: 4096 })];
  const [near, far] = socketPair();
  // O_DIRECT keeps each write in a slot of its own: 256 slots, 10 bytes in each.
  succeeds(linux.fcntl(source.writer.fd, f.F_SETFL, f.O_WRONLY | f.O_NONBLOCK | f.O_DIRECT));
  for (let at = 0; at < 2560; at += 10) {
    succeeds(linux.write(source.writer.fd, BYTES.subarray(at, at + 10)), 10);
  }
  source.writer.close();
  const reading = [drain(narrow.reader), drain(far)];
  assert.equal((await tee(runtime, source.reader, [narrow.writer, near])).bytes, 2560);
  for (const fd of [source.reader, narrow.writer, near]) fd.close();
  for (const read of await Promise.all(reading)) {
    assert.equal(Buffer.compare(read, BYTES.subarray(0, 2560)), 0);
  }
});

test('Z7 an urgent byte of a TCP source does not stall it', async () => {
  for (const offset of [0, 1, 5000, 40_000]) {
    const [client, server] = connected('tcp');
    const p = pipe();
    const reading = drain(p.reader);
    const teeing = tee(runtime, server, [p.writer]);
    await send(client, BYTES.subarray(0, offset));
    succeeds(linux.send(client.fd, text('!'), f.MSG_OOB), 1);
    await send(client, BYTES.subarray(offset));
    client.close();
    assert.equal((await teeing).bytes, BYTES.length);
    p.writer.close();
    assert.equal(Buffer.compare(await reading, BYTES), 0);
    server.close();
  }
});

test('Z9 an abort loses what is in the pipes between, and closes them', async () => {
  const before = openFiles();
  const [stuck, other] = socketPair();
  const controller = new AbortController();
  const source = sourceOf(BYTES);
  const watched = runtimeOver({
    ...linux,
    splice(...parameters) {
      const count = linux.splice(...parameters);
      if (parameters[2] === stuck.fd && count < 0) controller.abort();
      return count;
    },
  });
  succeeds(linux.setsockopt(stuck.fd, f.SOL_SOCKET, f.SO_SNDBUF, SMALL), 0);
  const teeing = tee(watched, source, [stuck], { signal: controller.signal });
  await assert.rejects(teeing, (error: TeeFailure) => {
    assert.equal(error.name, 'AbortError');
    assert.ok((error.result.targets[0]?.bytes ?? 0) < BYTES.length);
    return true;
  });
  for (const fd of [stuck, other, source]) fd.close();
  assert.deepEqual(openFiles(), before);
});

const SMALL = new Uint8Array(Int32Array.of(4608).buffer);

test('Z14 pipes of two pages, as a user with many has them, carry everything', async () => {
  const twoPages = runtimeOver({
    ...linux,
    pipe2(flags, fds) {
      const result = linux.pipe2(flags, fds);
      return result < 0 ? result : Math.min(linux.fcntl(fds[1] as number, f.F_SETPIPE_SZ, 8192), 0);
    },
    fcntl(fd, command, argument) {
      if (command === f.F_SETPIPE_SZ) return -EPERM;
      return linux.fcntl(fd, command, argument);
    },
  });
  using file = await open('/proc/self/exe');
  using target = await open('/dev/null', 'w');
  const [near, far] = socketPair();
  const p = pipe({ capacity: 4096 });
  const reading = [drain(p.reader), drain(far)];
  const { bytes, targets } = await tee(twoPages, file, [target, near, p.writer], {
    limit: 300_000,
  });
  assert.equal(bytes, 300_000);
  assert.deepEqual(
    targets.map(({ method }) => method),
    ['splice', 'splice', 'tee'],
  );
  for (const fd of [near, p.writer]) fd.close();
  const expected = new Uint8Array(300_000);
  succeeds(linux.pread(file.fd, expected, 0), expected.length);
  for (const read of await Promise.all(reading)) assert.equal(Buffer.compare(read, expected), 0);
});

test('Z20 a socket of messages is refused', async () => {
  const [left, right] = socketPair({ type: 'seqpacket' });
  using p = pipe();
  await assert.rejects(tee(runtime, left, [p.writer]), { code: 'ERR_SLUICE_UNSUPPORTED' });
  await assert.rejects(tee(runtime, p.reader, [right]), { code: 'ERR_SLUICE_UNSUPPORTED' });
  for (const fd of [left, right]) fd.close();
});
