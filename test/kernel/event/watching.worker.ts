/** A worker whose watches never come to rest: see workers.ts. */
import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import * as f from '../../../src/kernel/flags.js';
import { linux } from '../../../src/kernel/linux.js';

const [busy] = workerData;
const nothing = () => {};
for (let index = 0; index < 4; index++) {
  const epoll = linux.epoll_create1(f.EPOLL_CLOEXEC);
  linux.epoll_ctl(epoll, f.EPOLL_CTL_ADD, busy, f.EPOLLIN, 0);
  linux.hold(linux.watch(epoll, nothing), index % 2 === 0);
}

parentPort?.postMessage('up');
parentPort?.once('message', () => process.exit(0));
