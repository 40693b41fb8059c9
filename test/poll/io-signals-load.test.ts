import assert from 'node:assert/strict';
import { node, onBothDoors, outcome, program } from '../helpers/doors.js';

const worker = (name: string) => JSON.stringify(new URL(`${name}.worker.js`, import.meta.url).href);

/** A pipe on which a worker makes events as fast as it can, until `stop`; and ioSignals. */
const LOAD = `
  import { readdirSync } from 'node:fs';
  import { Worker } from 'node:worker_threads';
  import * as f from '#src/kernel/flags.js';
  import { linux } from '#src/kernel/linux.js';
  import { realClock } from '#src/node/clock.js';
  import { createIoSignals } from '#src/poll/io-signals.js';
  import { createPoller } from '#src/poll/poller.js';

  const poller = createPoller(linux, realClock);
  const ioSignals = createIoSignals({ kernel: linux, clock: realClock, poller }, process.pid);
  const fds = new Int32Array(2);
  linux.pipe2(f.O_CLOEXEC | f.O_NONBLOCK, fds);
  const [reader, writer] = fds;
  const state = new Int32Array(new SharedArrayBuffer(8));
  const start = (url, workerData) => new Worker(new URL(url), { execArgv: [], workerData });
  const events = () => Atomics.load(state, 1);
  const reach = async (count) => {
    while (events() < count) await new Promise(setImmediate);
  };
  const stop = () => Atomics.store(state, 0, 1);
  start(${worker('events')}, { reader, writer, state });
  await reach(1);
`;

onBothDoors('ioSignals: 10^4 removals while events arrive, and nobody dies', async (door) => {
  const source = `${LOAD}
    for (let round = 0; round < 10_000; round++) {
      const signals = ioSignals(reader, round % 2 === 0 ? {} : { ioSignal: 42 });
      if (round % 100 < 2) await signals.next();
      await signals.return();
    }
    stop();
    console.log('alive');
  `;
  assert.deepEqual(await outcome(node(program(source), door)), ['alive\n', 0]);
});

onBothDoors('signal_unwatch: 10^4 removals while any thread is in the handler', async (door) => {
  const source = `${LOAD}
    const threads = readdirSync('/proc/self/task').map(Number);
    for (let round = 0; round < 10_000; round++) {
      const pipe = linux.signal_watch(f.SIGIO);
      const owner = Int32Array.of(f.F_OWNER_TID, threads[round % threads.length]);
      linux.fcntl(reader, f.F_SETOWN_EX, owner);
      linux.fcntl(reader, f.F_SETFL, f.O_NONBLOCK | f.O_ASYNC);
      linux.fcntl(reader, f.F_SETFL, f.O_NONBLOCK);
      if (linux.signal_unwatch(f.SIGIO) !== 0 || linux.close(pipe) !== 0) process.exit(1);
    }
    stop();
    console.log('alive');
  `;
  assert.deepEqual(await outcome(node(program(source), door)), ['alive\n', 0]);
});

onBothDoors('ioSignals: process.exit while events arrive is no death by signal', async (door) => {
  const source = `${LOAD}
    ioSignals(reader);
    process.exit(7);
  `;
  assert.deepEqual(await outcome(node(program(source), door)), ['', 7]);
});

onBothDoors('ioSignals: a program may end when nobody waits for an event', async (door) => {
  const source = `${LOAD}
    stop();
    ioSignals(reader);
    ioSignals(writer, { ioSignal: 42 });
  `;
  assert.deepEqual(await outcome(node(program(source), door)), ['', 0]);
});

onBothDoors('ioSignals: a worker ends while events arrive, the process lives', async (door) => {
  const source = `${LOAD}
    const listener = start(${worker('listening')}, reader);
    await new Promise((resolve) => listener.once('message', resolve));
    await listener.terminate();
    await reach(events() + 1000);
    stop();
    console.log('alive');
  `;
  assert.deepEqual(await outcome(node(program(source), door)), ['alive\n', 0]);
});
