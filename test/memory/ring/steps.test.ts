/**
 * The two sides of a lane against each other, step by step: the whole act of one before each atomic
 * operation of the other. Those are all the moments at which the other side can see a difference.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LaneReader, NONE } from '../../../src/memory/ring/reader.js';
import { LaneWriter } from '../../../src/memory/ring/writer.js';
import { pattern } from '../../helpers/claims.js';
import { lane } from './lane.js';

const CAPACITY = 4096;
const BODY = pattern(CAPACITY / 8 - 16);
const OPERATIONS = ['load', 'store', 'exchange'] as const;

/** Runs `act` with `other` before its nth atomic operation; or after it, and answers false. */
function split(act: () => void, nth: number, other: () => void): boolean {
  const { load, store, exchange } = Atomics;
  const restore = () => Object.assign(Atomics, { load, store, exchange });
  let count = 0;
  for (const name of OPERATIONS) {
    const operate = Atomics[name] as (...parameters: unknown[]) => number;
    const counted = (...parameters: unknown[]) => {
      if (count++ === nth) {
        restore();
        other();
      }
      return operate(...parameters);
    };
    Object.assign(Atomics, { [name]: counted });
  }
  try {
    act();
  } finally {
    restore();
  }
  if (count <= nth) other();
  return count > nth;
}

interface Acts {
  readonly one: () => void;
  readonly other: () => void;
  /** After both. */
  readonly check: (nth: number) => void;
}

/** Each of the two before each step of the other. Answers how many schedules that were. */
function everySchedule(begin: (writer: LaneWriter, reader: LaneReader) => Acts): number {
  let schedules = 0;
  for (const isSwapped of [false, true]) {
    for (let nth = 0, more = true; more; nth++, schedules++) {
      const memory = lane(CAPACITY);
      const { one, other, check } = begin(new LaneWriter(memory), new LaneReader(memory));
      more = isSwapped ? split(other, nth, one) : split(one, nth, other);
      check(nth);
      memory.unmap();
    }
  }
  return schedules;
}

test('S3: lane: a receiver that goes to sleep is woken, whenever a message is sent', () => {
  const schedules = everySchedule((writer, reader) => {
    let isAsleep = false;
    let isRung = false;
    return {
      one: () => {
        assert.ok(writer.write(BODY));
        isRung = writer.takeSleeper();
      },
      other: () => {
        isAsleep = reader.next() === NONE && reader.sleep();
      },
      check: (nth) => {
        assert.ok(!isAsleep || isRung, `lost before operation ${nth}`);
        assert.equal(reader.next(), BODY.length);
      },
    };
  });
  assert.ok(schedules > 5, `${schedules}`);
});

for (const many of [false, true]) {
  const how = many ? 'many at once' : 'one by one';
  test(`S3: lane: a sender that goes to sleep is woken, whenever room is made, ${how}`, () => {
    const schedules = everySchedule((writer, reader) => {
      while (writer.write(BODY));
      let isAsleep = false;
      let isRung = false;
      return {
        one: () => {
          while (reader.next() !== NONE) {
            if (many) reader.takeMany([], 3);
            else reader.release();
            if (reader.takeSleeper()) isRung = true;
          }
        },
        other: () => {
          isAsleep = !writer.write(BODY) && writer.sleep(BODY.length);
        },
        check: (nth) => {
          const missed = isAsleep && !isRung;
          assert.ok(!missed || !writer.write(BODY), `lost before operation ${nth}`);
        },
      };
    });
    assert.ok(schedules > 10, `${schedules}`);
  });
}

test('S4: lane: a sender that is killed before any step leaves a whole message, or none', () => {
  const seen = [0, 1, 2].map((nth) => {
    const memory = lane(CAPACITY);
    const writer = new LaneWriter(memory);
    const send = () => {
      writer.reserve(BODY.length)?.set(BODY);
      writer.commit(BODY.length);
      writer.takeSleeper();
    };
    const die = () => assert.fail('killed');
    assert.throws(() => split(send, nth, die), /killed/);
    const reader = new LaneReader(memory);
    const length = reader.next();
    if (length !== NONE) assert.deepEqual(Buffer.from(reader.copy()), Buffer.from(BODY));
    memory.unmap();
    return length;
  });
  assert.deepEqual(seen, [NONE, BODY.length, BODY.length]);
});
