import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runProgram } from '../helpers/program.js';

/** A pipe on which a worker makes events as fast as it can, until `stop` is set; and ioSignals. */
const LOAD = `
const { Worker } = await import('node:worker_threads');
const { createIoSignals } = await import(sluice('poll/io-signals.js'));
const { createPoller } = await import(sluice('poll/poller.js'));
const { realClock } = await import(sluice('node/clock.js'));
const runtime = { kernel: linux, clock: realClock, poller: createPoller(linux, realClock) };
const ioSignals = createIoSignals(runtime, process.pid);
const fds = new Int32Array(2);
linux.pipe2(0o2004000, fds);
const [reader, writer] = fds;
const state = new Int32Array(new SharedArrayBuffer(8));
const load = new Worker(\`
  const { workerData: { url, reader, writer, state } } = require('node:worker_threads');
  import(url).then(({ linux }) => {
    const byte = new Uint8Array(1);
    for (; Atomics.load(state, 0) === 0; Atomics.add(state, 1, 1)) {
      linux.write(writer, byte);
      linux.read(reader, byte);
    }
  });
\`, { eval: true, execArgv: [], workerData: { url: sluice('kernel/linux.js'), reader, writer, state } });
await new Promise((resolve) => load.once('online', resolve));
while (Atomics.load(state, 1) === 0) await new Promise(setImmediate);
`;

test('ioSignals: 10^4 removals while events arrive, and nobody dies', async () => {
  const { code, signal, output } = await runProgram(`${LOAD}
    for (let round = 0; round < 10_000; round++) {
      const signals = ioSignals(reader, round % 2 === 0 ? {} : { ioSignal: 42 });
      if (round % 100 < 2) await signals.next();
      await signals.return();
    }
    Atomics.store(state, 0, 1);
    console.log('alive');
  `);
  assert.deepEqual([signal, code, output], [null, 0, 'alive\n']);
});

test('signal_unwatch: 10^4 removals while another thread is in the handler', async () => {
  const { code, signal, output } = await runProgram(`${LOAD}
    const F_SETFL = 4, F_SETOWN_EX = 15, O_ASYNC = 0o20000, SIGIO = 29, F_OWNER_TID = 0;
    const tids = (await import('node:fs')).readdirSync('/proc/self/task').map(Number);
    for (let round = 0; round < 10_000; round++) {
      const pipe = linux.signal_watch(SIGIO);
      linux.fcntl(reader, F_SETOWN_EX, Int32Array.of(F_OWNER_TID, tids[round % tids.length]));
      linux.fcntl(reader, F_SETFL, O_ASYNC | 0o4000);
      linux.fcntl(reader, F_SETFL, 0o4000);
      if (linux.signal_unwatch(SIGIO) !== 0 || linux.close(pipe) !== 0) process.exit(1);
    }
    Atomics.store(state, 0, 1);
    console.log('alive');
  `);
  assert.deepEqual([signal, code, output], [null, 0, 'alive\n']);
});

test('ioSignals: process.exit while events arrive is no death by signal', async () => {
  const { code, signal, output } = await runProgram(`${LOAD}
    ioSignals(reader);
    process.exit(7);
  `);
  assert.deepEqual([signal, code, output], [null, 7, '']);
});

test('ioSignals: a program ends when nobody waits for an event', async () => {
  const { code, signal, output } = await runProgram(`${LOAD}
    Atomics.store(state, 0, 1);
    ioSignals(reader);
    ioSignals(writer, { ioSignal: 42 });
  `);
  assert.deepEqual([signal, code, output], [null, 0, '']);
});

test('ioSignals: a worker that ends in the middle leaves the process alive', async () => {
  const { code, signal, output } = await runProgram(`${LOAD}
    const listener = new Worker(\`
      const { workerData: { urls, reader, pid }, parentPort } = require('node:worker_threads');
      Promise.all(urls.map((url) => import(url))).then(([{ linux }, io, poller, clock]) => {
        const runtime = {
          kernel: linux,
          clock: clock.realClock,
          poller: poller.createPoller(linux, clock.realClock),
        };
        const signals = io.createIoSignals(runtime, pid)(reader);
        signals.next().then(() => parentPort.postMessage('heard'));
        signals.next().then(() => signals.next());
      });
    \`, { eval: true, execArgv: [], workerData: {
      urls: ['kernel/linux.js', 'poll/io-signals.js', 'poll/poller.js', 'node/clock.js'].map(sluice),
      reader,
      pid: process.pid,
    } });
    await new Promise((resolve) => listener.once('message', resolve));
    await listener.terminate();
    const until = Atomics.load(state, 1) + 1000;
    while (Atomics.load(state, 1) < until) await new Promise(setImmediate);
    Atomics.store(state, 0, 1);
    console.log('alive');
  `);
  assert.deepEqual([signal, code, output], [null, 0, 'alive\n']);
});
