/** Z13: beyond 2 GiB and 4 GiB, where counts and offsets have had their edges. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copy } from '../../src/flow/copy.js';
import * as f from '../../src/kernel/flags.js';
import { pattern, succeeds } from '../helpers/claims.js';
import { device, diskFile, drain, endOf, memfd, runtime, sockets } from './copy/ends.js';

const { kernel } = runtime;
const EDGES = [2 ** 31 - 1, 2 ** 32, 2 ** 32 + 1];
const SIZE = 5 * 2 ** 30;
const MARK = pattern(64);

/** 5 GiB of nothing, with a mark around each edge and at the end. */
function sparse(fd: number): number {
  succeeds(kernel.ftruncate(fd, SIZE), 0);
  for (const edge of EDGES) succeeds(kernel.pwrite(fd, MARK, edge - 32), MARK.length);
  succeeds(kernel.pwrite(fd, MARK, SIZE - MARK.length), MARK.length);
  return fd;
}

for (const [name, make] of Object.entries({ memfd, diskFile })) {
  test(`Z13: parts of a ${name} around 2^31 and 2^32 are exact, to each kind`, async (t) => {
    const source = sparse(make(t, new Uint8Array()));
    for (const edge of EDGES) {
      const [offset, limit] = [edge - 100_000, 200_000];
      const expected = new Uint8Array(limit);
      succeeds(kernel.pread(source, expected, offset), limit);
      for (const makeTarget of [memfd, diskFile]) {
        const target = makeTarget(t, new Uint8Array());
        assert.equal((await copy(runtime, source, target, { offset, limit })).bytes, limit);
        const copied = new Uint8Array(limit);
        succeeds(kernel.pread(target, copied, 0), limit);
        assert.ok(Buffer.from(copied).equals(expected));
      }
      const [socket, reader] = sockets(t);
      const received = drain(reader);
      await copy(runtime, source, socket, { offset, limit });
      endOf(socket);
      assert.ok((await received).equals(expected));
    }
  });
}

test('Z13: 5 GiB go through with a count of 5 GiB, and the file offset after them', async (t) => {
  const source = sparse(diskFile(t, new Uint8Array()));
  const start = SIZE - 2 ** 20;
  const { bytes } = await copy(runtime, source, device(t, '/dev/null'), { limit: 1 });
  assert.equal(bytes, 1);
  succeeds(kernel.lseek(source, start, f.SEEK_SET, new BigInt64Array(1)), 0);
  const target = memfd(t, new Uint8Array());
  assert.equal((await copy(runtime, source, target)).bytes, 2 ** 20);
  const position = new BigInt64Array(1);
  succeeds(kernel.lseek(source, 0, f.SEEK_CUR, position), 0);
  assert.equal(position[0], BigInt(SIZE));
  const zero = device(t, '/dev/zero');
  const result = await copy(runtime, zero, device(t, '/dev/null'), {
    limit: SIZE,
    bytesPerTurn: 2 ** 26,
  });
  assert.equal(result.bytes, SIZE);
});
