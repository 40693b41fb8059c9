/**
 * F1: a million steps of everything that opens, duplicates, replaces, gives away and
 * closes, against a model of which file each object must be.
 */
import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { adopt, type Fd, pipe, socketPair } from '../../src/index.js';
import { STAT_DEV, STAT_FIELDS, STAT_INO } from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { openDescriptors } from '../helpers/linux-row.js';

const STEPS = 1_000_000;
const MOST = 100;
const seed = Number(process.env.SLUICE_SEED ?? (Math.random() * 2 ** 32) >>> 0);

const stat = new BigInt64Array(STAT_FIELDS);

function identity(fd: number): string {
  assert.equal(linux.fstat(fd, stat), 0, `descriptor ${fd} was closed by somebody else`);
  return `${stat[STAT_DEV]}:${stat[STAT_INO]}`;
}

class Model {
  /** What each object is, or each number of somebody else. */
  readonly owned = new Map<Fd, string>();
  readonly foreign = new Map<number, string>();
  readonly closed: Fd[] = [];
  #state = seed;

  /** Below `limit`, from the seed. */
  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  add(fd: Fd): void {
    this.owned.set(fd, identity(fd.fd));
  }

  any(): Fd {
    return [...this.owned.keys()][this.below(this.owned.size)] as Fd;
  }

  close(fd: Fd): void {
    fd.close();
    this.owned.delete(fd);
    this.closed[this.below(MOST)] = fd;
  }

  check(): void {
    for (const [fd, file] of this.owned) assert.equal(identity(fd.fd), file);
    for (const [fd, file] of this.foreign) assert.equal(identity(fd), file);
  }
}

const OPENING: readonly ((model: Model) => void)[] = [
  (model) => {
    const { reader, writer } = pipe();
    model.add(reader);
    model.add(writer);
  },
  (model) => {
    for (const fd of socketPair()) model.add(fd);
  },
  (model) => model.add(model.any().dup()),
  (model) => model.add(adopt(model.any())),
  (model) => model.add(adopt(linux.dup(model.any().fd))),
  (model) => {
    const fd = openSync('/dev/null', 'r');
    model.foreign.set(fd, identity(fd));
  },
];

const OTHER: readonly ((model: Model) => void)[] = [
  (model) => model.close(model.any()),
  (model) => model.closed[model.below(model.closed.length)]?.close(),
  (model) => {
    const [source, target] = [model.any(), model.any()];
    source.dup2(target);
    model.owned.set(target, model.owned.get(source) as string);
  },
  (model) => {
    const fd = model.any();
    model.owned.delete(fd);
    model.add(adopt(fd.release()));
    model.closed[model.below(MOST)] = fd;
  },
  (model) => {
    const [fd] = model.foreign.keys();
    if (fd === undefined) return;
    closeSync(fd);
    model.foreign.delete(fd);
  },
];

function step(model: Model): void {
  const size = model.owned.size + model.foreign.size;
  const steps = model.below(2) === 0 ? OPENING : OTHER;
  if (model.owned.size < 2) OPENING[model.below(2)]?.(model);
  else if (size > MOST) OTHER[0]?.(model);
  else steps[model.below(steps.length)]?.(model);
}

test(`F1: ${STEPS} steps close nothing of anybody else, SLUICE_SEED=${seed}`, () => {
  pipe()[Symbol.dispose]();
  const before = openDescriptors();
  const model = new Model();
  for (let count = 1; count <= STEPS; count++) {
    step(model);
    if (count % 1000 === 0) model.check();
  }
  for (const fd of [...model.owned.keys()]) model.close(fd);
  for (const fd of model.foreign.keys()) closeSync(fd);
  assert.deepEqual(openDescriptors(), before);
});
