import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EPIPE } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { Machine } from '../../../src/kernel/sim/machine.js';
import { Process } from '../../../src/kernel/sim/processes.js';
import { SimKernel } from '../../../src/sim.js';
import { failsWith, succeeds, text } from '../../helpers/claims.js';

/** A process whose tasks run when told, and the signals its handlers saw. */
function scene() {
  const tasks: (() => void)[] = [];
  const caller = new Process(new Machine({ schedule: (task) => tasks.push(task) }));
  const kernel = new SimKernel({}, caller);
  const seen: number[] = [];
  const handle = (...signals: number[]) => {
    for (const signal of signals) caller.signals.set(signal, (info) => seen.push(info.signal));
  };
  const send = (...signals: number[]) => {
    for (const signal of signals) caller.signals.send({ signal, code: 0, fd: 0, band: 0 });
  };
  const run = () => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
  };
  const ends = new Int32Array(2);
  succeeds(kernel.pipe2(0, ends), 0);
  return { caller, kernel, seen, handle, send, run };
}

const REAL_TIME = 40;

test('signals: a handler runs later, once for a standard signal, for each real-time one', () => {
  const { seen, handle, send, run } = scene();
  handle(f.SIGIO, REAL_TIME);
  send(REAL_TIME, f.SIGIO, f.SIGIO, REAL_TIME);
  assert.deepEqual(seen, []);
  run();
  assert.deepEqual(seen, [f.SIGIO, REAL_TIME, REAL_TIME]);
});

test('signals: a stopped process takes what has come when it goes on', () => {
  const { seen, handle, send, run } = scene();
  handle(f.SIGUSR1);
  send(f.SIGSTOP, f.SIGUSR1);
  run();
  assert.deepEqual(seen, []);
  send(f.SIGCONT);
  run();
  assert.deepEqual(seen, [f.SIGUSR1]);
});

test('signals: to ignore a signal drops what is pending of it', () => {
  const { caller, seen, handle, send, run } = scene();
  handle(f.SIGUSR1);
  send(f.SIGUSR1);
  caller.signals.set(f.SIGUSR1, 'ignore');
  run();
  assert.deepEqual(seen, []);
});

test('signals: the default action ends the process, and its descriptors with it', () => {
  const { caller, kernel, run } = scene();
  const deaths: number[] = [];
  caller.onDeath = (signal) => deaths.push(signal);
  caller.signals.set(f.SIGPIPE, 'default');
  succeeds(kernel.close(0), 0);
  kernel.write(1, text('nobody reads this'));
  run();
  assert.deepEqual([deaths, kernel.inspect().processes], [[f.SIGPIPE], []]);
  assert.deepEqual(kernel.inspect().descriptions, []);
});

test('signals: each write to nobody is EPIPE and a SIGPIPE', () => {
  const { kernel, seen, handle, run } = scene();
  handle(f.SIGPIPE);
  succeeds(kernel.close(0), 0);
  for (let time = 1; time <= 3; time++) {
    failsWith(kernel.write(1, text('x')), EPIPE);
    run();
    assert.equal(seen.length, time);
  }
});

test('signals: RWF_NOSIGNAL makes it EPIPE alone', () => {
  const { kernel, seen, handle, run } = scene();
  const RWF_NOSIGNAL = 0x100;
  handle(f.SIGPIPE);
  succeeds(kernel.close(0), 0);
  failsWith(kernel.pwritev2(1, [text('x')], -1, RWF_NOSIGNAL), EPIPE);
  run();
  assert.deepEqual(seen, []);
});

test('signals: data sends SIGIO to the owner of the read end, room to that of the other', () => {
  const { caller, kernel, seen, handle, run } = scene();
  handle(f.SIGIO, REAL_TIME);
  for (const fd of [0, 1]) {
    succeeds(kernel.fcntl(fd, f.F_SETOWN, caller.pid), 0);
    succeeds(kernel.fcntl(fd, f.F_SETFL, f.O_ASYNC), 0);
  }
  succeeds(kernel.fcntl(1, f.F_SETSIG, REAL_TIME), 0);
  succeeds(kernel.write(1, text('x')), 1);
  run();
  succeeds(kernel.read(0, new Uint8Array(1)), 1);
  run();
  assert.deepEqual(seen, [f.SIGIO, REAL_TIME]);
});

test('signals: a full queue loses real-time signals, and SIGIO says so', () => {
  const { caller, kernel, seen, handle, run } = scene();
  handle(f.SIGIO, REAL_TIME);
  succeeds(kernel.prlimit(0, f.RLIMIT_SIGPENDING, BigUint64Array.of(2n, 2n), null), 0);
  succeeds(kernel.fcntl(0, f.F_SETOWN, caller.pid), 0);
  succeeds(kernel.fcntl(0, f.F_SETSIG, REAL_TIME), 0);
  succeeds(kernel.fcntl(0, f.F_SETFL, f.O_ASYNC), 0);
  for (let event = 0; event < 4; event++) succeeds(kernel.write(1, text('x')), 1);
  run();
  assert.deepEqual(seen, [f.SIGIO, REAL_TIME, REAL_TIME]);
});

test('signals: SIGTSTP stops a process that does not handle it', () => {
  const { caller, seen, handle, send, run } = scene();
  handle(f.SIGUSR1);
  send(f.SIGTSTP, f.SIGUSR1);
  run();
  assert.deepEqual([seen, caller.death], [[], undefined]);
  send(f.SIGCONT);
  run();
  assert.deepEqual(seen, [f.SIGUSR1]);
});
