import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { linux } from '../../../src/kernel/linux.js';
import * as l from '../../../src/memory/ring/layout.js';
import { createMemory, mapLane } from '../../../src/memory/ring/memory.js';
import { LaneReader, NONE } from '../../../src/memory/ring/reader.js';
import { LaneWriter } from '../../../src/memory/ring/writer.js';
import { linuxRuntime } from '../../../src/node/runtime.js';
import { pattern } from '../../helpers/claims.js';
import { lane } from './lane.js';

const CAPACITY = 4096;
/** So much may be free and the writer not know of it. */
const UNTOLD = CAPACITY / 8;

/** A frame in, not yet out. */
interface Model {
  readonly held: Uint8Array[];
  used: number;
}

type Act =
  | { readonly act: 'write'; readonly length: number }
  | { readonly act: 'pieces'; readonly lengths: readonly number[] }
  | { readonly act: 'reserve'; readonly length: number; readonly commit: number }
  | { readonly act: 'read' }
  | { readonly act: 'many'; readonly most: number }
  | { readonly act: 'peek' };

const length = fc.oneof(
  { weight: 5, arbitrary: fc.nat(200) },
  { weight: 1, arbitrary: fc.nat(l.maxLength(CAPACITY)) },
  { weight: 1, arbitrary: fc.constant(l.maxLength(CAPACITY)) },
);
const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    fc.record({ act: fc.constant('write' as const), length }),
    fc.record({
      act: fc.constant('pieces' as const),
      lengths: fc.array(fc.nat(300), { maxLength: 4 }),
    }),
    fc.record({
      act: fc.constant('reserve' as const),
      length,
      commit: fc.double({ min: 0, max: 1 }),
    }),
    fc.record({ act: fc.constant('read' as const) }),
    fc.record({ act: fc.constant('many' as const), most: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ act: fc.constant('peek' as const) }),
  ),
  { maxLength: 120 },
);

/** Positions and sequences go over the end of 32 bits, signed and unsigned. */
const starts = [0, 2 ** 31 - CAPACITY / 2, 2 ** 32 - 64, -64].map((start) => start | 0);

test('lane: what is read is what was written, whatever the order and the place', () => {
  let seed = 0;
  const body = (size: number) => pattern(size, ++seed);
  fc.assert(
    fc.property(fc.constantFrom(...starts), acts, (start, sequence) => {
      const memory = lane(CAPACITY, start);
      const writer = new LaneWriter(memory);
      const reader = new LaneReader(memory);
      const model: Model = { held: [], used: 0 };
      const wrote = (bytes: Uint8Array, done: boolean, room = bytes.length) => {
        const needed = model.used + l.frameBytes(room);
        assert.ok(done ? needed <= CAPACITY : needed > CAPACITY - UNTOLD, `${done}, ${needed}`);
        if (!done) return;
        model.held.push(bytes);
        model.used += l.frameBytes(bytes.length);
      };
      for (const step of sequence) perform(step, writer, reader, model, wrote, body);
      while (model.held.length > 0) take(reader, model, false);
      assert.equal(reader.next(), NONE);
      memory.unmap();
    }),
    { numRuns: 300 },
  );
});

function perform(
  step: Act,
  writer: LaneWriter,
  reader: LaneReader,
  model: Model,
  wrote: (bytes: Uint8Array, done: boolean, room?: number) => void,
  body: (size: number) => Uint8Array,
): void {
  if (step.act === 'read' || step.act === 'peek') take(reader, model, step.act === 'peek');
  if (step.act === 'many') takeMany(reader, model, step.most);
  if (step.act === 'write') {
    const bytes = body(step.length);
    wrote(bytes, writer.write(bytes));
  }
  if (step.act === 'pieces') {
    const pieces = step.lengths.map(body);
    const whole = Buffer.concat(pieces);
    wrote(whole, writer.writePieces(pieces, whole.length));
  }
  if (step.act === 'reserve') {
    const bytes = body(Math.floor(step.length * step.commit));
    const place = writer.reserve(step.length);
    place?.set(bytes);
    if (place !== undefined) writer.commit(bytes.length);
    wrote(bytes, place !== undefined, step.length);
  }
}

function take(reader: LaneReader, model: Model, peek: boolean): void {
  const expected = model.held.shift();
  assert.equal(reader.next(), expected?.length ?? NONE);
  if (expected === undefined) return;
  const bytes = peek ? reader.view() : reader.copy();
  assert.deepEqual(Buffer.from(bytes), Buffer.from(expected));
  assert.equal(reader.next(), expected.length, 'the same until it is released');
  reader.release();
  model.used -= l.frameBytes(expected.length);
}

function takeMany(reader: LaneReader, model: Model, most: number): void {
  if (reader.next() === NONE) return;
  const taken: Uint8Array[] = [];
  const bytes = reader.takeMany(taken, most);
  assert.ok(taken.length > 0 && taken.length <= most);
  for (const one of taken) {
    const expected = model.held.shift() as Uint8Array;
    assert.deepEqual(Buffer.from(one), Buffer.from(expected));
    model.used -= l.frameBytes(expected.length);
  }
  assert.equal(
    bytes,
    taken.reduce((sum, { length }) => sum + l.frameBytes(length), 0),
  );
}

test('lane: messages larger than a batch are taken one by one', () => {
  const memory = lane(1 << 20);
  const writer = new LaneWriter(memory);
  const reader = new LaneReader(memory);
  const sizes = [10, 40_000, 100_000, 5, 20_000, 20_000];
  for (const [index, size] of sizes.entries()) assert.ok(writer.write(pattern(size, index + 1)));
  const taken: Uint8Array[] = [];
  while (reader.next() !== NONE) reader.takeMany(taken, 100);
  assert.deepEqual(
    taken.map(({ length }) => length),
    sizes,
  );
  for (const [index, one] of taken.entries()) {
    assert.ok(Buffer.from(one).equals(pattern(one.length, index + 1)));
  }
  memory.unmap();
});

test('lane: the longest message fits each time that the ring is empty', () => {
  const memory = lane(CAPACITY);
  const writer = new LaneWriter(memory);
  const reader = new LaneReader(memory);
  for (let times = 0; times < 5; times++) {
    assert.ok(writer.write(pattern(writer.maxLength)));
    assert.equal(reader.next(), writer.maxLength);
    reader.release();
    assert.ok(writer.write(pattern(8)));
    reader.next();
    reader.release();
  }
  memory.unmap();
});

test('lane: the body of a message begins at a multiple of 8', () => {
  const memory = lane();
  const writer = new LaneWriter(memory);
  const reader = new LaneReader(memory);
  for (let size = 0; size < 40; size++) {
    assert.ok(writer.write(pattern(size)));
    reader.next();
    assert.equal(reader.view().byteOffset % 8, 0);
    reader.release();
  }
  memory.unmap();
});

test('lane: positions and sequence go on past 2^32', () => {
  const memory = lane(1 << 16, -(1 << 20));
  const writer = new LaneWriter(memory);
  const reader = new LaneReader(memory);
  const bytes = pattern(40_000);
  for (let index = 0; index < 100; index++) {
    bytes[0] = index;
    assert.ok(writer.write(bytes));
    assert.equal(reader.next(), bytes.length);
    assert.ok(Buffer.from(bytes).equals(reader.copy()));
    reader.release();
  }
  assert.ok((memory.control[l.HEAD] as number) > 0, 'it began below 0');
  memory.unmap();
});

test('lane: an end that sleeps is woken once, and does not sleep when there is work', () => {
  const memory = lane();
  const writer = new LaneWriter(memory);
  const reader = new LaneReader(memory);
  assert.equal(writer.takeSleeper(), false);
  assert.ok(reader.sleep());
  assert.ok(writer.write(pattern(10)));
  assert.equal(writer.takeSleeper(), true);
  assert.equal(writer.takeSleeper(), false);
  assert.equal(reader.sleep(), false, 'there is a message');
  assert.equal(writer.takeSleeper(), false);
  memory.unmap();
});

test('lane: a sender that waits for room is woken when half of the ring is free', () => {
  const memory = lane(CAPACITY);
  const writer = new LaneWriter(memory);
  const reader = new LaneReader(memory);
  const bytes = pattern(CAPACITY / 8 - l.HEADER_BYTES);
  while (writer.write(bytes));
  assert.ok(writer.sleep(bytes.length));
  const woken = Array.from({ length: 8 }, () => {
    reader.next();
    reader.release();
    return reader.takeSleeper();
  });
  assert.deepEqual(woken, [false, false, false, true, false, false, false, false]);
  assert.equal(writer.sleep(bytes.length), false, 'there is room');
  memory.unmap();
});

test('lane: what is no lane is refused, and one whose size can change', () => {
  const refused = { code: 'ERR_SLUICE_RING' };
  const unsealed = linux.memfd_create('unsealed', 3);
  linux.ftruncate(unsealed, 8192);
  assert.throws(() => mapLane(linuxRuntime, unsealed), refused);
  linux.fcntl(unsealed, 1033, 7);
  assert.throws(() => mapLane(linuxRuntime, unsealed), refused);
  assert.throws(() => mapLane(linuxRuntime, 0), refused);
  linux.close(unsealed);
});

test('S5: lane: data that is no whole page is refused', () => {
  for (const capacity of [8, 64, 2048]) {
    const fd = createMemory(linux, { capacity, salt: 1, start: 0 });
    assert.throws(() => mapLane(linuxRuntime, fd), { code: 'ERR_SLUICE_RING' });
    linux.close(fd);
  }
});

test('lane: its size is sealed', () => {
  const memory = lane();
  assert.ok(linux.ftruncate(memory.fd, 0) < 0);
  assert.ok(linux.ftruncate(memory.fd, 1 << 20) < 0);
  memory.unmap();
});

test('lane: a frame is refused for its length, its sequence, its place, its check', () => {
  const salt = 77;
  const forged = (length: number, sequence: number, position: number, salted = salt) => [
    length,
    sequence,
    l.checkOf(length, sequence, position, salted),
  ];
  const refused: readonly (readonly [number[], RegExp])[] = [
    [[8, 0, 1234], /1234 as a check/],
    [[8, 0, ...forged(9, 0, 0).slice(2)], /as a check/],
    [forged(4081, 0, 0), /4081 as a length/],
    [forged(-1, 0, 0), /-1 as a length/],
    [forged(8, 1, 0), /1 as a sequence/],
    [forged(8, -1, 0), /-1 as a sequence/],
    [forged(8, 0, 24), /as a check/],
    [forged(8, 0, 0, 78), /as a check/],
  ];
  for (const [frame, message] of refused) {
    const memory = lane(CAPACITY, 0, salt);
    const writer = new LaneWriter(memory);
    writer.write(pattern(8));
    memory.words.set(frame);
    const corrupt = { code: 'ERR_SLUICE_RING_CORRUPT', message };
    assert.throws(() => new LaneReader(memory).next(), corrupt);
    memory.unmap();
  }
});

test('lane: a message that comes a second time is refused', () => {
  const memory = lane(CAPACITY);
  const writer = new LaneWriter(memory);
  const reader = new LaneReader(memory);
  writer.write(pattern(8));
  reader.next();
  reader.release();
  writer.write(pattern(8));
  const frame = l.frameBytes(8);
  memory.bytes.copyWithin(frame, 0, frame);
  assert.throws(() => reader.next(), /0 as a sequence/);
  memory.unmap();
});
