/** A worker that ends with files opened for it, before it hears of them: see workers.ts. */
import { readdirSync, readlinkSync } from 'node:fs';
import process from 'node:process';
import { parentPort, receiveMessageOnPort, threadId } from 'node:worker_threads';
import * as f from '../../../src/kernel/flags.js';
import { linux } from '../../../src/kernel/linux.js';

const OPENINGS = 10;
const name = `opened by ${threadId}`;

function opened(): number {
  return readdirSync('/proc/self/fd').filter((fd) => targetOf(fd).includes(name)).length;
}

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return 'closed meanwhile';
  }
}

const file = linux.memfd_create(name, f.MFD_CLOEXEC);
const never = () => {
  throw new Error('the event loop turned');
};
for (let index = 0; index < OPENINGS; index++) {
  const path = `/proc/self/fd/${file}`;
  linux.offload('openat', [f.AT_FDCWD, path, f.O_RDONLY | f.O_CLOEXEC, 0], never);
}
while (opened() < OPENINGS + 1);
linux.close(file);
parentPort?.postMessage('up');
while (parentPort !== null && receiveMessageOnPort(parentPort) === undefined);
process.exit(0);
