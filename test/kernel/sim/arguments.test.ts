/** What a person passes wrongly: a call answers −errno, everything else throws and names it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Names, SimKernel } from '../../../src/sim.js';

const TYPE = 'ERR_INVALID_ARG_TYPE';
const RANGE = 'ERR_OUT_OF_RANGE';

/** Each is thrown with the code and the name of the argument. */
function refused(cases: readonly [run: () => unknown, code: string, name: string][]): void {
  for (const [run, code, name] of cases) {
    assert.throws(run, ({ code: actual, message }: NodeJS.ErrnoException) => {
      assert.equal(actual, code, message);
      assert.match(message, new RegExp(`"${name.replace(/[[\].]/g, '\\$&')}"`));
      return true;
    });
  }
}

test('options of a sim kernel', () => {
  const made = (options: unknown) => () => new SimKernel(options as object);
  refused([
    [made(null), TYPE, 'options'],
    [made(5), TYPE, 'options'],
    [made({ schedule: 5 }), TYPE, 'schedule'],
    [made({ clock: 5 }), TYPE, 'clock'],
    [made({ clock: { now: () => 0 } }), TYPE, 'clock.timer'],
    [made({ diskBytes: '1' }), TYPE, 'diskBytes'],
    [made({ diskBytes: -1 }), RANGE, 'diskBytes'],
    [made({ diskBytes: Number.NaN }), RANGE, 'diskBytes'],
  ]);
  new SimKernel({ diskBytes: Number.POSITIVE_INFINITY });
});

test('options of fork()', () => {
  const kernel = new SimKernel();
  const forked = (options: unknown) => () => kernel.fork(options as object);
  refused([
    [forked(null), TYPE, 'options'],
    [forked({ inherit: 5 }), TYPE, 'inherit'],
    [forked({ inherit: [0, '1'] }), TYPE, 'inherit[1]'],
    [forked({ interruptible: 1 }), TYPE, 'interruptible'],
  ]);
  assert.equal(kernel.inspect().processes.length, 1);
});

test('the functions for names', () => {
  const kernel = new SimKernel();
  const call = (name: keyof Names, ...values: unknown[]) => {
    const run = kernel[name] as (...values: unknown[]) => unknown;
    return () => run(...values);
  };
  refused([
    [call('mkdir', 5), TYPE, 'path'],
    [call('mkdir', '/a\0b'), RANGE, 'path'],
    [call('mkdir', '/a', '755'), TYPE, 'mode'],
    [call('symlink', null, '/a'), TYPE, 'target'],
    [call('rename', '/tmp'), TYPE, 'newPath'],
    [call('chmod', '/tmp', 'x'), TYPE, 'mode'],
    [call('chown', '/tmp', 1), TYPE, 'gid'],
    [call('utimes', '/tmp', 1, 1), TYPE, 'atimeNs'],
    [call('readFile', null), TYPE, 'path'],
    [call('writeFile', '/tmp/a', 5), TYPE, 'content'],
  ]);
  assert.deepEqual(kernel.readdir('/tmp'), []);
});

/** Nothing that a call can be given makes it throw. */
const WRONG: readonly unknown[] = [
  undefined,
  null,
  'x',
  -1,
  1e99,
  Number.NaN,
  {},
  [],
  () => 1,
  Symbol('a'),
  2n ** 70n,
  new Uint8Array(0),
  new Int32Array(3),
  new BigUint64Array(2),
  true,
  {
    valueOf() {
      throw new Error('valueOf');
    },
    get length() {
      throw new Error('length');
    },
  },
];

test('every call answers a number, whatever it is given', () => {
  const kernel = new SimKernel();
  kernel.pipe2(0, new Int32Array(2));
  const others = /^(pid|death|mk.*|.*link|rmdir|rename|ch.*|utimes|readdir|.*File)$/;
  const names = Object.keys(kernel).filter((name) => !others.test(name));
  assert.ok(names.length > 60, `${names.length} calls`);
  for (const name of names) {
    const call = (kernel as unknown as Record<string, (...values: unknown[]) => unknown>)[name];
    for (const wrong of WRONG) {
      for (const first of [wrong, 0, 1]) {
        const answer = call?.(first, wrong, wrong, wrong, wrong, wrong);
        assert.equal(typeof answer, 'number', name);
      }
    }
  }
});
