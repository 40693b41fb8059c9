// splice(2) to and from what has no pages: by its own read and write.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EINVAL } from '../../../src/kernel/errno.js';
import { O_RDWR } from '../../../src/kernel/flags.js';
import type { Cursor } from '../../../src/kernel/sim/cursor.js';
import { Description } from '../../../src/kernel/sim/description.js';
import { Machine } from '../../../src/kernel/sim/machine.js';
import { SimObject } from '../../../src/kernel/sim/object.js';
import { Process } from '../../../src/kernel/sim/processes.js';
import { SimKernel } from '../../../src/sim.js';
import { failsWith, pattern, succeeds } from '../../helpers/claims.js';
import { receive } from '../../helpers/transfer.js';

/** Gives and keeps bytes; a write takes at most 5000. */
class Thing extends SimObject {
  readonly kind = 'terminal';
  readonly kept: number[] = [];
  given = 0;

  constructor(readonly copies: boolean) {
    super();
  }

  override get splicesByCopy(): boolean {
    return this.copies;
  }

  override read(_file: Description, memory: Cursor): number {
    const bytes = pattern(9000).subarray(this.given);
    const length = memory.fill(bytes, 0, bytes.length);
    this.given += length;
    return length;
  }

  override write(_file: Description, memory: Cursor): number {
    const bytes = new Uint8Array(5000);
    const length = memory.take(bytes, 0, bytes.length);
    this.kept.push(...bytes.subarray(0, length));
    return length;
  }

  override stat(): void {}
}

function scene(copies: boolean) {
  const caller = new Process(new Machine());
  const kernel = new SimKernel({}, caller);
  const thing = new Thing(copies);
  const fd = caller.table.open(new Description(thing, O_RDWR), false, 1024);
  const ends = new Int32Array(2);
  succeeds(kernel.pipe2(0, ends), 0);
  return { kernel, thing, fd, reader: ends[0] as number, writer: ends[1] as number };
}

test('splice by copy: what the object gives is in the pipe, what it takes is gone from it', () => {
  const { kernel, thing, fd, reader, writer } = scene(true);
  succeeds(kernel.splice(fd, null, writer, null, 8500, 0), 8500);
  succeeds(kernel.splice(reader, null, fd, null, 100_000, 0), 5000);
  succeeds(kernel.splice(reader, null, fd, null, 100_000, 0), 3500);
  assert.deepEqual(Uint8Array.from(thing.kept), pattern(9000).subarray(0, 8500));
  succeeds(kernel.splice(fd, null, writer, null, 8500, 0), 500);
  succeeds(kernel.splice(fd, null, writer, null, 8500, 0), 0);
  assert.deepEqual(receive(kernel, reader), pattern(9000).subarray(8500));
  assert.equal(kernel.inspect().pagesInUse, 0);
});

test('splice by copy: what knows no splice is EINVAL, with an empty pipe too', () => {
  const { kernel, fd, reader, writer } = scene(false);
  failsWith(kernel.splice(fd, null, writer, null, 1, 0), EINVAL);
  failsWith(kernel.splice(reader, null, fd, null, 1, 0), EINVAL);
  assert.equal(kernel.inspect().pagesInUse, 0);
});
