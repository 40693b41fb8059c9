/**
 * A guarded mapping in a program where others want SIGBUS too. Its parameters: a course of events,
 * and the library of handlers.c.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { type Mapping, map } from '../../../src/index.js';
import * as sys from '../../../src/sys.js';
import { CONTENT, PAGE } from './content.js';

interface Library {
  installChaining(): void;
  installDeaf(): void;
  ignore(): void;
  handled(): number;
  late(): void;
  fault(): number;
}

const [course, library] = process.argv.slice(2) as [string, string];
const other: Library = createRequire(import.meta.url)(library);

class Victim {
  readonly #fd = sys.memfd_create('sluice-victim', sys.MFD_CLOEXEC);
  readonly mapping: Mapping;

  constructor() {
    sys.write(this.#fd, CONTENT);
    this.mapping = map(this.#fd);
  }

  /** Its file goes, and somebody looks: who dies or hangs does so here. */
  lookAtNothing(): void {
    sys.ftruncate(this.#fd, 0);
    assert.equal(this.mapping.bytes[PAGE], 0);
    assert.equal(this.mapping.damaged, true);
    this.mapping.close();
    sys.close(this.#fd);
  }
}

const listener = () => console.log('heard');
const hear = (times: number) => {
  for (let index = 0; index < times; index++) process.on('SIGBUS', () => {});
};

/** Each with a mapping that was there before it, one from between, and one from after it. */
const changes: readonly (() => void)[] = [
  () => process.on('SIGBUS', listener),
  () => process.off('SIGBUS', listener),
  () => hear(3),
  () => process.removeAllListeners('SIGBUS'),
  () => process.once('SIGBUS', listener),
  () => process.off('SIGBUS', listener),
  () => process.prependListener('SIGBUS', listener),
  () => process.prependOnceListener('SIGBUS', listener),
  () => process.removeListener('SIGBUS', listener),
  () => process.removeAllListeners(),
  () => hear(1),
  () => process.removeAllListeners(),
];

const courses: Readonly<Record<string, () => unknown>> = {
  listeners() {
    const victims = changes.map(() => new Victim());
    for (const change of changes) {
      change();
      victims.pop()?.lookAtNothing();
      new Victim().lookAtNothing();
    }
  },
  'listener before': () => {
    process.on('SIGBUS', listener);
    new Victim().lookAtNothing();
    process.off('SIGBUS', listener);
  },
  'chaining before': () => {
    other.installChaining();
    new Victim().lookAtNothing();
    assert.equal(other.handled(), 0);
  },
  'chaining after': () => {
    const victim = new Victim();
    other.installChaining();
    victim.lookAtNothing();
    assert.equal(other.handled(), 1);
  },
  'chaining, then again on top': () => {
    const [victim, late] = [new Victim(), new Victim()];
    other.installChaining();
    assert.equal(late.mapping.guarded, true);
    for (const one of [victim, late]) one.lookAtNothing();
    assert.equal(other.handled(), 0);
  },
  'deaf after': () => {
    const [victim, next] = [new Victim(), new Victim()];
    other.installDeaf();
    assert.equal(victim.mapping.guarded, true);
    victim.lookAtNothing();
    other.installDeaf();
    assert.equal(next.mapping.checkedRead(0, 1)[0], 1);
    next.lookAtNothing();
    assert.equal(other.handled(), 0);
  },
  'ignored before': () => {
    other.ignore();
    new Victim().lookAtNothing();
    process.kill(process.pid, 'SIGBUS');
  },
  'closed meanwhile': () => {
    const [victim, next] = [new Victim(), new Victim()];
    victim.lookAtNothing();
    other.late();
    next.lookAtNothing();
  },
  'foreign fault': () => {
    new Victim().lookAtNothing();
    other.fault();
  },
  'foreign fault under a chaining handler': () => {
    const victim = new Victim();
    other.installChaining();
    assert.equal(victim.mapping.guarded, true);
    victim.lookAtNothing();
    other.fault();
  },
  'foreign fault over a chaining handler': () => {
    new Victim().lookAtNothing();
    other.installChaining();
    other.fault();
  },
  'foreign fault, ignored': () => {
    other.ignore();
    new Victim().lookAtNothing();
    other.fault();
  },
  'kill without a listener': () => {
    new Victim().lookAtNothing();
    process.kill(process.pid, 'SIGBUS');
  },
  'kill with a listener': async () => {
    const victim = new Victim();
    const heard = new Promise((resolve) => process.once('SIGBUS', resolve));
    process.kill(process.pid, 'SIGBUS');
    const going = setInterval(() => {}, 1000);
    await heard;
    clearInterval(going);
    victim.lookAtNothing();
  },
  'kill with a handler': () => {
    other.installDeaf();
    const victim = new Victim();
    for (const count of [1, 2, 3]) {
      process.kill(process.pid, 'SIGBUS');
      assert.equal(other.handled(), count);
    }
    victim.lookAtNothing();
  },
};

await courses[course]?.();
console.log('alive');
