/** What pending waits mean for the life of a program, seen from outside, through both doors. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { collect, node, onBothDoors, outcome, program, workers } from '../helpers/doors.js';
import { until } from '../helpers/turns.js';

/** Descriptor 3 is a socket that stays silent until the test writes. */
const START = `
  import { linux } from '#src/kernel/linux.js';
  import { realClock } from '#src/node/clock.js';
  import { createPoller } from '#src/poll/poller.js';
  const poller = createPoller(linux, realClock);
  const READABLE = 1;
`;

onBothDoors(
  'a pending wait keeps the program alive, and lets it end when it is over',
  async (door) => {
    const source = `${START}
    console.log('waiting');
    await poller.wait(3, READABLE);
    console.log('ready', linux.read(3, new Uint8Array(8)));
  `;
    const child = node(program(source), door);
    const output = collect(child);
    const closed = once(child, 'close');
    await until(() => output() === 'waiting\n');
    (child.stdio[3] as Writable).write('abc');
    const [code] = await closed;
    assert.deepEqual([output(), code], ['waiting\nready 3\n', 0]);
  },
);

onBothDoors('an aborted, a forgotten and a refused wait let the program end', async (door) => {
  const source = `${START}
    const say = (error) => console.log(error.code);
    const controller = new AbortController();
    const aborted = poller.wait(3, READABLE, controller.signal).catch(say);
    setTimeout(() => controller.abort(), 1);
    await aborted;
    const forgotten = poller.wait(3, READABLE).catch(say);
    setTimeout(() => poller.forget(3), 1);
    await forgotten;
    await poller.wait(-1, READABLE).catch(say);
  `;
  const expected = 'ABORT_ERR\nERR_SLUICE_CLOSED\nEBADF\n';
  assert.deepEqual(await outcome(node(program(source), door)), [expected, 0]);
});

onBothDoors(
  'a program without waits ends, though a descriptor is known and ready',
  async (door) => {
    const source = `${START}
    const fds = new Int32Array(2);
    linux.pipe2(0, fds);
    linux.write(fds[1], new Uint8Array(2));
    await poller.wait(fds[0], READABLE);
    linux.write(fds[1], new Uint8Array(2));
    await poller.wait(fds[0], READABLE);
    console.log('done');
  `;
    assert.deepEqual(await outcome(node(program(source), door)), ['done\n', 0]);
  },
);

onBothDoors('process.exit ends a program with pending waits at once', async (door) => {
  const source = `${START}
    poller.wait(3, READABLE);
    setTimeout(() => process.exit(7), 1);
  `;
  assert.deepEqual(await outcome(node(program(source), door)), ['', 7]);
});

onBothDoors('F2: 100 workers end with pending waits: no abort, nothing left', async (door) => {
  const child = node(workers(new URL('waiting.worker.js', import.meta.url)), door);
  assert.deepEqual(await outcome(child), ['100 workers, 0 descriptors more\n', 0]);
});
