import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EBADF, EMFILE } from '../../../src/kernel/errno.js';
import { O_PATH, O_RDWR, O_WRONLY } from '../../../src/kernel/flags.js';
import { Description } from '../../../src/kernel/sim/description.js';
import { NumberSet } from '../../../src/kernel/sim/numbers.js';
import { SimObject } from '../../../src/kernel/sim/object.js';
import { DescriptorTable } from '../../../src/kernel/sim/table.js';
import { failsWith, succeeds } from '../../helpers/claims.js';

class Thing extends SimObject {
  readonly kind = 'terminal';
  isReleased = false;
  override released(): void {
    this.isReleased = true;
  }
  override stat(): void {}
}

const LIMIT = 1 << 20;

test('numbers: the lowest missing is what a plain search finds', () => {
  const set = new NumberSet();
  const plain = new Set<number>();
  let state = 7;
  for (let step = 0; step < 20_000; step++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const number = (state >>> 8) % 3000;
    if ((state & 3) !== 0) {
      set.add(number);
      plain.add(number);
    } else {
      set.delete(number);
      plain.delete(number);
    }
    const from = step % 7 === 0 ? number : 0;
    let expected = from;
    while (plain.has(expected)) expected++;
    assert.equal(set.lowestMissing(from), expected);
  }
});

test('table: 100000 descriptors, opened and closed, each takes the lowest free number', () => {
  const table = new DescriptorTable();
  const description = new Description(new Thing(), O_RDWR);
  const COUNT = 100_000;
  for (let fd = 0; fd < COUNT; fd++) {
    assert.equal(table.open(description.hold(), false, LIMIT), fd);
  }
  for (let fd = 0; fd < COUNT; fd += 2) succeeds(table.close(fd), 0);
  assert.equal(table.open(description.hold(), false, LIMIT, 501), 502);
  for (let fd = 0; fd < 500; fd += 2)
    assert.equal(table.open(description.hold(), false, LIMIT), fd);
  table.closeAll();
  assert.equal(description.references, 1);
});

test('table: no number below the limit is −EMFILE, a closed one −EBADF', () => {
  const table = new DescriptorTable();
  const description = new Description(new Thing(), O_RDWR);
  assert.equal(table.open(description.hold(), false, 1), 0);
  failsWith(table.open(description, false, 1), EMFILE);
  succeeds(table.close(0), 0);
  failsWith(table.close(0), EBADF);
  failsWith(table.close(-1), EBADF);
});

test('table: a copy shares descriptions, and each has its own FD_CLOEXEC', () => {
  const thing = new Thing();
  const table = new DescriptorTable();
  table.open(new Description(thing, O_RDWR), true, LIMIT);
  const copy = table.copy();
  assert.equal(copy.get(0), table.get(0));
  copy.setCloseOnExec(0, false);
  table.closeOnExecNow();
  copy.closeOnExecNow();
  assert.deepEqual([table.get(0), thing.isReleased], [undefined, false]);
  succeeds(copy.close(0), 0);
  assert.ok(thing.isReleased);
});

test('table: a chosen few are 0, 1 and on, and stay open in the next program', () => {
  const table = new DescriptorTable();
  const description = new Description(new Thing(), O_RDWR);
  for (const place of [5, 7]) table.open(description.hold(), true, LIMIT, place);
  const chosen = table.chosen([7, 6, 5]);
  assert.deepEqual(
    [...chosen.entries()].map(([fd]) => fd),
    [0, 2],
  );
  chosen.closeOnExecNow();
  assert.equal(description.references, 5);
});

test('description: the last reference releases the object and tells what depends on it', () => {
  const thing = new Thing();
  const description = new Description(thing, O_RDWR).hold();
  const gone: Description[] = [];
  description.attach({ gone: (file) => gone.push(file) });
  description.release();
  assert.deepEqual([thing.isReleased, gone.length], [false, 0]);
  description.release();
  assert.deepEqual([thing.isReleased, gone], [true, [description]]);
  assert.throws(() => description.release(), /released more often/);
  assert.throws(() => description.hold(), /gone/);
});

test('description: the access mode says what is open, O_PATH opens nothing', () => {
  const open = (flags: number) => {
    const { isReadable, isWritable } = new Description(new Thing(), flags);
    return [isReadable, isWritable];
  };
  assert.deepEqual(open(O_RDWR), [true, true]);
  assert.deepEqual(open(O_WRONLY), [false, true]);
  assert.deepEqual(open(0), [true, false]);
  assert.deepEqual(open(O_PATH | O_RDWR), [false, false]);
});
