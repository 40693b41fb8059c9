import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { collect, node, onBothDoors, outcome, program, workers } from '../../helpers/doors.js';
import { until } from '../../helpers/turns.js';

const IMPORTS = `
  import { execFileSync } from 'node:child_process';
  import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
  import { tmpdir } from 'node:os';
  import { Worker } from 'node:worker_threads';
  import { linux } from '#src/kernel/linux.js';
  import * as f from '#src/kernel/flags.js';

  const SILENT = 3;
  const never = () => console.log('never');
  const park = (done = never) => linux.offload('read', [SILENT, new Uint8Array(1)], done);
  const openFifo = () => {
    const folder = mkdtempSync(tmpdir() + '/sluice-');
    execFileSync('mkfifo', [folder + '/fifo']);
    linux.offload('openat', [f.AT_FDCWD, folder + '/fifo', f.O_RDONLY, 0], never);
    process.once('exit', () => rmSync(folder, { recursive: true }));
  };
`;

onBothDoors('OFFLOAD-40: calls asleep for ever do not delay process.exit', async (door) => {
  const source = `${IMPORTS}
    for (let index = 0; index < 100; index++) park();
    openFifo();
    setImmediate(() => process.exit(7));
  `;
  assert.deepEqual(await outcome(node(program(source), door)), ['', 7]);
});

onBothDoors('OFFLOAD-41: nor an exception, nor a deadly signal', async (door) => {
  const thrown = `${IMPORTS}
    park();
    openFifo();
    setImmediate(() => {
      throw new Error('the end');
    });
  `;
  const [output, code] = await outcome(node(program(thrown), door));
  assert.match(output, /the end/);
  assert.equal(code, 1);
  const killed = `${IMPORTS}
    park();
    setImmediate(() => process.kill(process.pid, 'SIGTERM'));
  `;
  assert.deepEqual(await outcome(node(program(killed), door)), ['', 'SIGTERM']);
});

onBothDoors(
  'OFFLOAD-42: a pending call keeps the program alive, its answer ends it',
  async (door) => {
    const source = `${IMPORTS}
    park((result) => console.log('read', result));
    console.log('waiting');
  `;
    const child = node(program(source), door);
    const output = collect(child);
    const closed = once(child, 'close');
    await until(() => output().includes('waiting'));
    (child.stdio[3] as Writable).write('x');
    const [code] = await closed;
    assert.deepEqual([output(), code], ['waiting\nread 1\n', 0]);
  },
);

onBothDoors('OFFLOAD-43: what done throws is an uncaughtException, the next runs', async (door) => {
  const source = `${IMPORTS}
    for (const name of ['first', 'second']) {
      linux.offload('fsync', [-1], () => {
        throw new Error(name);
      });
    }
    const seen = [];
    process.on('uncaughtException', ({ message }) => {
      if (seen.push(message) === 2) console.log(seen.sort().join());
    });
  `;
  assert.deepEqual(await outcome(node(program(source), door)), ['first,second\n', 0]);
});

onBothDoors('OFFLOAD-44: process.exit inside done', async (door) => {
  const source = `${IMPORTS}
    for (let index = 0; index < 20; index++) linux.offload('fsync', [-1], () => process.exit(7));
    park();
  `;
  assert.deepEqual(await outcome(node(program(source), door)), ['', 7]);
});

onBothDoors('OFFLOAD-45: 100 workers end with calls asleep and queued', async (door) => {
  const child = node(workers(new URL('parking.worker.js', import.meta.url)), door);
  assert.deepEqual(await outcome(child), ['100 workers, 0 descriptors more\n', 0]);
});

onBothDoors(
  'OFFLOAD-46: loading changes no disposition, the first call takes one',
  async (door) => {
    const source = `
    import { readFileSync } from 'node:fs';
    const dispositions = () =>
      readFileSync('/proc/self/status', 'latin1').match(/^Sig(Ign|Cgt).*$/gm).join();
    const before = dispositions();
    const { linux } = await import(new URL('#src/kernel/linux.js'.slice(1), DIST));
    linux.dup(-1);
    console.log(dispositions() === before);
    linux.offload('fsync', [-1], () => {});
    const bits = (text) => BigInt('0x' + text.match(/SigCgt:\\s*([0-9a-f]+)/)[1]);
    console.log((bits(dispositions()) ^ bits(before)).toString(16));
    console.log(linux.signal_watch(62), linux.signal_unwatch(62));
  `.replace('DIST', JSON.stringify(new URL('../../../', import.meta.url).href));
    const printed = 'true\n2000000000000000\n-16 -22\n';
    assert.deepEqual(await outcome(node(program(source), door)), [printed, 0]);
  },
);

onBothDoors('OFFLOAD-47: a signal of the program does not wake a call', async (door) => {
  const source = `${IMPORTS}
    let handled = 0;
    park((result) => console.log('read', result, handled));
    process.on('SIGUSR2', () => {
      if (++handled < 100) process.kill(process.pid, 'SIGUSR2');
      else console.log('handled');
    });
    process.kill(process.pid, 'SIGUSR2');
  `;
  const child = node(program(source), door);
  const output = collect(child);
  const closed = once(child, 'close');
  await until(() => output().includes('handled'));
  (child.stdio[3] as Writable).write('x');
  await until(() => output().includes('read'));
  assert.equal(output(), 'handled\nread 1 100\n');
  child.kill();
  await closed;
});

onBothDoors('OFFLOAD-48: a worker that is over leaves no thread asleep', async (door) => {
  const source = `${IMPORTS}
    import { readdirSync } from 'node:fs';
    const url = ${JSON.stringify(new URL('parking.worker.js', import.meta.url).href)};
    const worker = new Worker(new URL(url), { execArgv: [] });
    await new Promise((resolve) => worker.once('message', resolve));
    const pooled = () => readdirSync('/proc/self/task').filter((task) => {
      try {
        return readFileSync('/proc/self/task/' + task + '/comm', 'utf8') === 'sluice-offload\\n';
      } catch {
        return false;
      }
    }).length;
    while (pooled() < 10) await new Promise(setImmediate);
    await worker.terminate();
    while (pooled() > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    console.log('none');
  `;
  assert.deepEqual(await outcome(node(program(source), door)), ['none\n', 0]);
});

onBothDoors(
  'OFFLOAD-49: a worker that ends leaves open nothing that was opened for it',
  async (door) => {
    const child = node(workers(new URL('opening.worker.js', import.meta.url)), door);
    assert.deepEqual(await outcome(child), ['100 workers, 0 descriptors more\n', 0]);
  },
);
