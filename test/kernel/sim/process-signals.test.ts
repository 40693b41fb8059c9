import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EBUSY, EINTR, EINVAL, EPERM, ESRCH } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { Machine } from '../../../src/kernel/sim/machine.js';
import { Process } from '../../../src/kernel/sim/processes.js';
import { SimKernel } from '../../../src/sim.js';
import { failsWith, succeeds, text } from '../../helpers/claims.js';

const REAL_TIME = 40;

/** A parent with a pipe, whose tasks run when told. */
function scene() {
  const tasks: (() => void)[] = [];
  const caller = new Process(new Machine({ schedule: (task) => tasks.push(task) }));
  const kernel = new SimKernel({}, caller);
  const run = () => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
  };
  const ends = new Int32Array(2);
  succeeds(kernel.pipe2(0, ends), 0);
  return { caller, kernel, run };
}

/** A child that sleeps in a call, and what it will answer. */
function sleeper(...call: Parameters<SimKernel['offload']>) {
  const { kernel, run } = scene();
  const child = kernel.fork({ interruptible: true });
  const answers: number[] = [];
  succeeds(child.offload(call[0], call[1], (result) => answers.push(result)));
  run();
  assert.deepEqual(answers, []);
  return { kernel, child, answers, run };
}

const none = () => {};

test('process: a handler without SA_RESTART ends the sleep of an interruptible process', () => {
  const { kernel, child, answers, run } = sleeper('read', [0, new Uint8Array(1)], none);
  let handled = 0;
  succeeds(
    child.sigaction(f.SIGUSR1, () => handled++),
    0,
  );
  succeeds(kernel.kill(child.pid, f.SIGUSR1), 0);
  run();
  assert.deepEqual([answers, handled], [[-EINTR], 1]);
});

test('process: with SA_RESTART the call goes on, but not one that has moved something', () => {
  const reading = sleeper('read', [0, new Uint8Array(1)], none);
  succeeds(reading.child.sigaction(f.SIGUSR1, none, { restart: true }), 0);
  succeeds(reading.kernel.kill(reading.child.pid, f.SIGUSR1), 0);
  reading.run();
  assert.deepEqual(reading.answers, []);
  succeeds(reading.kernel.write(1, text('x')), 1);
  reading.run();
  assert.deepEqual(reading.answers, [1]);
  const writing = sleeper('write', [1, new Uint8Array(100_000)], none);
  succeeds(writing.child.sigaction(f.SIGUSR1, none, { restart: true }), 0);
  succeeds(writing.kernel.kill(writing.child.pid, f.SIGUSR1), 0);
  writing.run();
  assert.deepEqual(writing.answers, [65536]);
});

test('process: without being interruptible its calls are on threads that block signals', () => {
  const { kernel, run } = scene();
  const answers: number[] = [];
  kernel.offload('read', [0, new Uint8Array(1)], (result) => answers.push(result));
  succeeds(kernel.sigaction(f.SIGUSR1, none), 0);
  run();
  succeeds(kernel.kill(kernel.pid, f.SIGUSR1), 0);
  run();
  assert.deepEqual(answers, []);
});

test('process: the default action ends it: its calls and watches answer no more', () => {
  const { kernel, child, answers, run } = sleeper('read', [0, new Uint8Array(1)], none);
  succeeds(child.watch(0, () => assert.fail('the process is gone')));
  assert.equal(child.death, undefined);
  succeeds(kernel.kill(child.pid, f.SIGTERM), 0);
  succeeds(kernel.write(1, text('x')), 1);
  run();
  assert.deepEqual([child.death, answers], [f.SIGTERM, []]);
  assert.equal(kernel.inspect().processes.length, 1);
  failsWith(kernel.kill(child.pid, 0), ESRCH);
});

test('process: kill and sigaction refuse what there is not', () => {
  const { caller, kernel } = scene();
  const child = kernel.fork();
  for (const wrong of [-1, 65, 1.5, Number.NaN]) failsWith(kernel.kill(child.pid, wrong), EINVAL);
  for (const wrong of [0, 65, f.SIGKILL, f.SIGSTOP]) {
    failsWith(kernel.sigaction(wrong, 'ignore'), EINVAL);
  }
  failsWith(kernel.sigaction(f.SIGIO, 'no action' as 'ignore'), EINVAL);
  failsWith(kernel.kill(-1_000_000, 0), ESRCH);
  succeeds(kernel.kill(-caller.group, 0), 0);
  caller.uid = 1000;
  failsWith(kernel.kill(child.pid, f.SIGTERM), EPERM);
});

test('process: a watched signal is a record in a pipe, until it is watched no more', () => {
  const { kernel, run } = scene();
  const reader = succeeds(kernel.signal_watch(REAL_TIME));
  failsWith(kernel.signal_watch(REAL_TIME), EBUSY);
  succeeds(kernel.fcntl(0, f.F_SETOWN, kernel.pid), 0);
  succeeds(kernel.fcntl(0, f.F_SETSIG, REAL_TIME), 0);
  succeeds(kernel.fcntl(0, f.F_SETFL, f.O_ASYNC), 0);
  succeeds(kernel.write(1, text('x')), 1);
  run();
  const record = new Int32Array(4);
  succeeds(kernel.read(reader, new Uint8Array(record.buffer)), f.SIGNAL_RECORD_BYTES);
  const { POLLIN, POLL_IN } = f;
  assert.deepEqual([...record.subarray(0, 3)], [REAL_TIME, POLL_IN, 0]);
  assert.equal((record[f.SIGNAL_BAND] as number) & POLLIN, POLLIN);
  succeeds(kernel.write(1, text('pending, and dropped')), 20);
  succeeds(kernel.signal_unwatch(REAL_TIME), 0);
  run();
  assert.equal(kernel.death, undefined);
  succeeds(kernel.read(reader, new Uint8Array(16)), 0);
  failsWith(kernel.signal_unwatch(REAL_TIME), EINVAL);
});

test('process: a handler on top of a watch stays when the watch ends', () => {
  const { kernel, run } = scene();
  let handled = 0;
  succeeds(kernel.signal_watch(f.SIGIO));
  succeeds(
    kernel.sigaction(f.SIGIO, () => handled++),
    0,
  );
  succeeds(kernel.signal_unwatch(f.SIGIO), 0);
  succeeds(kernel.kill(kernel.pid, f.SIGIO), 0);
  run();
  assert.equal(handled, 1);
});

test('process: another program answers no call and no watch of the one before', () => {
  const { kernel, child, answers, run } = sleeper('read', [0, new Uint8Array(1)], none);
  succeeds(child.watch(0, () => assert.fail('the program is gone')));
  succeeds(child.signal_watch(REAL_TIME));
  child.exec();
  succeeds(kernel.write(1, text('x')), 1);
  run();
  assert.deepEqual([answers, child.death], [[], undefined]);
  succeeds(child.signal_watch(REAL_TIME));
  succeeds(child.read(0, new Uint8Array(1)), 1);
});

test('sim: a process that has ended makes no calls any more', () => {
  const kernel = new SimKernel();
  const child = kernel.fork();
  kernel.kill(child.pid, f.SIGKILL);
  failsWith(child.pipe2(0, new Int32Array(2)), ESRCH);
  failsWith(
    child.offload('read', [0, new Uint8Array(1)], () => {}),
    ESRCH,
  );
});
