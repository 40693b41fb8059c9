import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENOTSUP } from '../../src/kernel/errno.js';
import type { LinuxKernel } from '../../src/kernel/linux-kernel.js';
import { Quarantine, type Retired } from '../../src/memory/quarantine.js';

const MOST_RANGES = 2 ** 15;
const MOST_BYTES = 2 ** 44;

/** A thread with so many requests under way, and what was unmapped in it, in order. */
function thread(requests: number) {
  const state = { requests, unmapped: [] as string[] };
  const kernel = { requests: () => state.requests } as LinuxKernel;
  return { state, quarantine: new Quarantine(kernel, () => false) };
}

class Waiting implements Retired {
  released = false;
  readonly #name: string;
  readonly #unmapped: string[];

  constructor(
    name: string,
    unmapped: string[],
    readonly length = 4096,
  ) {
    this.#name = name;
    this.#unmapped = unmapped;
  }

  unmap(): void {
    this.#unmapped.push(this.#name);
  }

  release(quarantine: Quarantine): void {
    this.released = true;
    quarantine.released(this);
  }
}

test('M6b: with nothing under way V8 alone decides', () => {
  const { state, quarantine } = thread(0);
  const range = new Waiting('a', state.unmapped);
  quarantine.add(range);
  assert.deepEqual(state.unmapped, []);
  range.release(quarantine);
  assert.deepEqual(state.unmapped, ['a']);
});

test('M6b: what V8 let go of waits until no request is under way', () => {
  const { state, quarantine } = thread(1);
  const [first, second] = [new Waiting('a', state.unmapped), new Waiting('b', state.unmapped)];
  quarantine.add(first);
  quarantine.add(second);
  second.release(quarantine);
  first.release(quarantine);
  quarantine.sweep();
  assert.deepEqual(state.unmapped, []);
  state.requests = 0;
  quarantine.sweep();
  assert.deepEqual(state.unmapped, ['a', 'b']);
});

test('M6d: who had it until V8 let go may have begun a request, which is waited for', () => {
  const { state, quarantine } = thread(0);
  const range = new Waiting('a', state.unmapped);
  quarantine.add(range);
  state.requests = 1;
  range.release(quarantine);
  assert.deepEqual(state.unmapped, []);
  state.requests = 0;
  quarantine.sweep();
  assert.deepEqual(state.unmapped, ['a']);
});

test('M6b: each is unmapped once', () => {
  const { state, quarantine } = thread(0);
  const range = new Waiting('a', state.unmapped);
  quarantine.add(range);
  range.release(quarantine);
  quarantine.sweep();
  quarantine.add(new Waiting('b', state.unmapped));
  assert.deepEqual(state.unmapped, ['a']);
});

test('M6b: a thread that is never idle keeps so many ranges, and the oldest go first', () => {
  for (const requests of [1, -ENOTSUP]) {
    const { state, quarantine } = thread(requests);
    for (let count = 0; count < MOST_RANGES + 3; count++) {
      const range = new Waiting(String(count), state.unmapped);
      quarantine.add(range);
      if (count !== 1) range.release(quarantine);
    }
    assert.deepEqual(state.unmapped, ['0', '2']);
  }
});

test('M6b: a thread that is never idle keeps so many bytes', () => {
  const { state, quarantine } = thread(1);
  for (const name of ['a', 'b', 'c']) {
    const range = new Waiting(name, state.unmapped, MOST_BYTES / 2);
    quarantine.add(range);
    range.release(quarantine);
  }
  assert.deepEqual(state.unmapped, ['a']);
});
