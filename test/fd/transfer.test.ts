import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { open, pipe, socketPair } from '../../src/index.js';
import { EAGAIN, EINTR, EOPNOTSUPP } from '../../src/kernel/errno.js';
import { linux } from '../../src/kernel/linux.js';
import { pattern, string, text } from '../helpers/claims.js';
import { withCalls } from '../helpers/runtime.js';
import { turns, turnsUntil } from '../helpers/turns.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-transfer-'));
after(() => rmSync(folder, { recursive: true }));

test('read() waits for a byte while the event loop turns', async () => {
  using p = pipe();
  const buffer = new Uint8Array(10);
  const reading = p.reader.read(buffer);
  await turns(5);
  await p.writer.write(text('now'));
  assert.equal(await reading, 3);
  assert.equal(string(buffer.subarray(0, 3)), 'now');
});

test('write() waits for room, and its count may be short', async () => {
  using p = pipe({ capacity: 4096 });
  assert.equal(await p.writer.write(new Uint8Array(10_000)), 4096);
  const writing = p.writer.write(text('more'));
  await turns(5);
  assert.equal(await p.reader.read(new Uint8Array(5000)), 4096);
  assert.equal(await writing, 4);
});

test('readv() and writev() fill and empty the buffers in order', async () => {
  using p = pipe();
  assert.equal(await p.writer.writev([text('ab'), new Uint8Array(), text('cde')]), 5);
  const [first, second] = [new Uint8Array(3), new Uint8Array(4)];
  assert.equal(await p.reader.readv([first, second]), 5);
  assert.equal(string(first), 'abc');
  assert.equal(string(second.subarray(0, 2)), 'de');
});

test('several reads of one Fd may wait: each byte is read once', async () => {
  using p = pipe();
  const buffers = Array.from({ length: 10 }, () => new Uint8Array(1));
  const reads = Promise.all(buffers.map((buffer) => p.reader.read(buffer)));
  await turns(2);
  await p.writer.write(text('0123456789'));
  assert.deepEqual(await reads, Array(10).fill(1));
  assert.equal(buffers.map(string).sort().join(''), '0123456789');
});

test('a description that blocks is waited for as well', async () => {
  using p = pipe();
  const [left, right] = socketPair();
  for (const fd of [p.reader, p.writer, left, right]) fd.nonBlocking = false;
  for (const [reader, writer] of [
    [p.reader, p.writer],
    [left, right],
  ] as const) {
    const reading = reader.read(new Uint8Array(4));
    await turns(3);
    await writer.write(text('late'));
    assert.equal(await reading, 4);
  }
  left.close();
  right.close();
});

test('spawn makes a description blocking, and read() does not mind', async () => {
  using p = pipe();
  const child = spawn('cat', [], { stdio: [p.reader.fd, 'ignore', 'inherit'] });
  assert.equal(p.reader.nonBlocking, false);
  child.kill();
  await once(child, 'exit');
  const reading = p.reader.read(new Uint8Array(4));
  await turns(3);
  await p.writer.write(text('mine'));
  assert.equal(await reading, 4);
});

test('an abort ends a wait with the reason', async () => {
  using p = pipe();
  const controller = new AbortController();
  const reading = p.reader.read(new Uint8Array(1), { signal: controller.signal });
  controller.abort('enough');
  await assert.rejects(reading, { name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' });
  await p.writer.write(text('x'));
  await assert.rejects(p.reader.read(new Uint8Array(1), { signal: controller.signal }), {
    name: 'AbortError',
  });
  assert.equal(await p.reader.read(new Uint8Array(1)), 1);
});

test('close() ends the waits with ERR_SLUICE_CLOSED', async () => {
  using p = pipe({ capacity: 4096 });
  await p.writer.write(new Uint8Array(4096));
  const [left, right] = socketPair();
  const waits = [left.read(new Uint8Array(1)), p.writer.write(text('x'))];
  left.close();
  p.writer.close();
  for (const wait of waits) await assert.rejects(wait, { code: 'ERR_SLUICE_CLOSED' });
  right.close();
});

test('a file is read to its end, and written', async () => {
  const path = join(folder, 'file');
  const content = pattern(100_000);
  writeFileSync(path, content);
  using file = await open(path, 'r+');
  const buffer = new Uint8Array(200_000);
  let length = 0;
  for (let n = -1; n !== 0; length += n) n = await file.read(buffer.subarray(length));
  assert.deepEqual(buffer.subarray(0, length), content);
  assert.equal(await file.write(text('!')), 1);
});

test('what knows no RWF_NOWAIT is read on a thread', async () => {
  using status = await open('/proc/self/status');
  const buffer = new Uint8Array(6);
  assert.equal(await status.read(buffer), 6);
  assert.equal(string(buffer), 'Name:\t');
});

test('without RWF_NOWAIT a blocking description is read on a thread, when ready', async () => {
  const sleeping: string[] = [];
  const { pipe: make } = withCalls({
    preadv2: () => -EOPNOTSUPP,
    offload: (name, parameters, done) => {
      sleeping.push(name);
      return linux.offload(name, parameters, done);
    },
  });
  using p = make();
  for (const nonBlocking of [true, false]) {
    p.reader.nonBlocking = nonBlocking;
    const reading = p.reader.read(new Uint8Array(9));
    await turns(3);
    assert.deepEqual(sleeping, []);
    await p.writer.write(text('abc'));
    assert.equal(await reading, 3);
  }
  assert.deepEqual(sleeping, ['readv']);
});

test('a cold file is read on a thread', async () => {
  const { open: openCold } = withCalls({ preadv2: () => -EAGAIN });
  const path = join(folder, 'cold');
  writeFileSync(path, 'cold');
  using file = await openCold(path);
  const buffer = new Uint8Array(9);
  assert.equal(await file.read(buffer), 4);
  assert.equal(string(buffer.subarray(0, 4)), 'cold');
});

test('a signal that interrupts a call is not seen', async () => {
  let interruptions = 3;
  const { pipe: make } = withCalls({
    preadv2: (...parameters) => (interruptions-- > 0 ? -EINTR : linux.preadv2(...parameters)),
  });
  using p = make();
  await p.writer.write(text('x'));
  assert.equal(await p.reader.read(new Uint8Array(1)), 1);
  assert.equal(interruptions, -1);
});

test('what is always ready leaves the event loop its turns', async () => {
  using zero = await open('/dev/zero');
  const buffer = new Uint8Array(1 << 16);
  const reading = (async () => {
    for (let n = 0; n < 320; n++) await zero.read(buffer);
  })();
  assert.ok((await turnsUntil(reading)) >= 16);
});

test('errors carry the call, the number and the errno', async () => {
  using p = pipe();
  const number = p.writer.fd;
  await assert.rejects(p.writer.read(new Uint8Array(1)), {
    code: 'EBADF',
    errno: -9,
    syscall: 'read',
    fd: number,
  });
  p.reader.close();
  await assert.rejects(p.writer.write(text('x')), { code: 'EPIPE', syscall: 'write', fd: number });
  const many = Array.from({ length: 1025 }, () => text('x'));
  await assert.rejects(p.writer.writev(many), { code: 'EINVAL', syscall: 'writev' });
});

test('reads and writes name what they are given wrongly', async () => {
  using p = pipe();
  const code = 'ERR_INVALID_ARG_TYPE';
  for (const wrong of ['text', 5, null] as unknown as Uint8Array[]) {
    await assert.rejects(p.reader.read(wrong), { code, message: /"buffer"/ });
    await assert.rejects(p.writer.write(wrong), { code, message: /"buffer"/ });
    await assert.rejects(p.reader.readv([wrong]), { code, message: /"buffers\[0\]"/ });
    await assert.rejects(p.writer.writev(wrong as unknown as []), { code, message: /"buffers"/ });
    const signal = wrong as unknown as AbortSignal;
    await assert.rejects(p.reader.read(new Uint8Array(1), { signal }), { code, message: /signal/ });
  }
});
