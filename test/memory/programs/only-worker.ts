/** Only a worker maps; the main thread, which has sluice too, adds a listener for SIGBUS. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { map } from '../../../src/index.js';
import * as sys from '../../../src/sys.js';

async function main(): Promise<void> {
  const worker = new Worker(new URL(import.meta.url));
  await once(worker, 'message');
  process.on('SIGBUS', () => {});
  worker.postMessage('look');
  await once(worker, 'message');
  process.removeAllListeners('SIGBUS');
  worker.postMessage('look');
  await once(worker, 'exit');
  console.log('alive');
}

async function look(): Promise<void> {
  const fds = [0, 1].map(() => sys.memfd_create('sluice-victim', sys.MFD_CLOEXEC));
  for (const fd of fds) sys.ftruncate(fd, 8192);
  const mappings = fds.map((fd) => map(fd));
  for (const [index, mapping] of mappings.entries()) {
    parentPort?.postMessage('ready');
    if (parentPort !== null) await once(parentPort, 'message');
    sys.ftruncate(fds[index] as number, 0);
    assert.equal(mapping.bytes[4096], 0);
    assert.equal(mapping.damaged, true);
    mapping.close();
  }
}

await (isMainThread ? main() : look());
