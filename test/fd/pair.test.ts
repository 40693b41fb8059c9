import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duplex, ioSignals, open, pipe, readable, socketPair, writable } from '../../src/index.js';
import { string, text } from '../helpers/claims.js';
import { openDescriptors } from '../helpers/linux-row.js';

test('pipe() and socketPair() are closed on exec and never block', () => {
  using p = pipe();
  using pair = socketPair();
  for (const fd of [p.reader, p.writer, ...pair]) {
    assert.equal(fd.closeOnExec, true);
    assert.equal(fd.nonBlocking, true);
  }
});

test('pipe() with a capacity that is refused leaves nothing open', () => {
  const before = openDescriptors();
  assert.throws(() => pipe({ capacity: -1 }), { code: 'EINVAL', syscall: 'fcntl' });
  assert.throws(() => pipe({ capacity: 1.5 }), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => pipe({ capacity: '1' as unknown as number }), {
    code: 'ERR_INVALID_ARG_TYPE',
  });
  assert.deepEqual(openDescriptors(), before);
});

test('options that are no object are refused by name', async () => {
  const refused = { code: 'ERR_INVALID_ARG_TYPE', message: /"options" argument/ };
  for (const options of [null, 1, 'datagram'] as unknown as object[]) {
    assert.throws(() => pipe(options), refused);
    assert.throws(() => socketPair(options), refused);
    await assert.rejects(open('package.json', 'r', options), refused);
    using p = pipe();
    await assert.rejects(p.writer.write(new Uint8Array(1), options), refused);
    for (const stream of [readable, writable, duplex]) {
      assert.throws(() => stream(p.reader, options), refused);
    }
    assert.throws(() => ioSignals(p.reader, options), refused);
  }
});

test('socketPair() of messages keeps them apart', async () => {
  for (const type of ['datagram', 'seqpacket'] as const) {
    using pair = socketPair({ type });
    const [left, right] = pair;
    await left.write(text('one'));
    await left.write(text('three'));
    const buffer = new Uint8Array(100);
    assert.equal(await right.read(buffer), 3);
    assert.equal(string(buffer.subarray(0, await right.read(buffer))), 'three');
  }
});

test('socketPair() refuses what is no type', () => {
  for (const type of ['raw', 'toString', 1] as unknown as 'stream'[]) {
    assert.throws(() => socketPair({ type }), { code: 'ERR_OUT_OF_RANGE', message: /"type"/ });
  }
});
