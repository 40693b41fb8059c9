import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { collect, node, onBothDoors, outcome, program, workers } from '../../helpers/doors.js';
import { until } from '../../helpers/turns.js';

const IMPORTS = `
  import { linux } from '#src/kernel/linux.js';
  import * as f from '#src/kernel/flags.js';
`;

onBothDoors('WATCH-09: a held watch keeps the program alive until it ends', async (door) => {
  const source = `${IMPORTS}
    const watch = linux.watch(3, () => {
      linux.read(3, new Uint8Array(1));
      console.log('read');
      linux.unwatch(watch);
    });
    linux.hold(watch, true);
    console.log('waiting');
  `;
  const child = node(program(source), door);
  const output = collect(child);
  const closed = once(child, 'close');
  await until(() => output().includes('waiting'));
  (child.stdio[3] as Writable).write('x');
  const [code] = await closed;
  assert.deepEqual([output(), code], ['waiting\nread\n', 0]);
});

onBothDoors('WATCH-10: without hold, or after it, the program may end', async (door) => {
  const source = `${IMPORTS}
    const [reader, writer] = [new Int32Array(2)].flatMap((fds) => (linux.pipe2(0, fds), [...fds]));
    linux.watch(reader, () => {});
    const watch = linux.watch(3, () => {});
    linux.hold(watch, true);
    setTimeout(() => linux.hold(watch, false), 1);
  `;
  assert.deepEqual(await outcome(node(program(source), door)), ['', 0]);
});

onBothDoors('WATCH-11: what a listener throws is an uncaughtException', async (door) => {
  const source = `${IMPORTS}
    const watch = linux.watch(linux.eventfd(1, f.EFD_NONBLOCK), () => {
      if (++runs === 2) linux.unwatch(watch);
      throw new Error('of the listener');
    });
    let runs = 0;
    linux.hold(watch, true);
    process.on('uncaughtException', (error) => console.log(error.message));
  `;
  const twice = 'of the listener\nof the listener\n';
  assert.deepEqual(await outcome(node(program(source), door)), [twice, 0]);
  const [output, code] = await outcome(
    node(program(source.replace("process.on('uncaught", "process.on('un")), door),
  );
  assert.match(output, /throw new Error\('of the listener'\)/);
  assert.notEqual(code, 0);
  assert.equal(typeof code, 'number');
});

onBothDoors('WATCH-12: promises settled by a listener run on before the next', async (door) => {
  const source = `${IMPORTS}
    let order = '';
    for (const name of ['a', 'b']) {
      const watch = linux.watch(linux.eventfd(1, f.EFD_NONBLOCK), () => {
        linux.unwatch(watch);
        order += name;
        Promise.resolve().then(() => (order += name.toUpperCase()));
      });
      linux.hold(watch, true);
    }
    process.on('exit', () => console.log(/^(aAbB|bBaA)$/.test(order) ? 'in order' : order));
  `;
  assert.deepEqual(await outcome(node(program(source), door)), ['in order\n', 0]);
});

onBothDoors('WATCH-13: 100 workers end with busy watches: no abort, nothing left', async (door) => {
  const child = node(workers(new URL('watching.worker.js', import.meta.url)), door);
  assert.deepEqual(await outcome(child), ['100 workers, 0 descriptors more\n', 0]);
});
