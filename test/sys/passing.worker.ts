/** A worker that offloads a receive on the socket it is given, and says so. */
import { parentPort, workerData } from 'node:worker_threads';
import { linux } from '../../src/kernel/linux.js';

const [fds, report] = [new Int32Array(8), new Int32Array(2)];
linux.offload('recvmsg', [workerData, [new Uint8Array(8)], fds, 0, report], () => {});
parentPort?.postMessage('asleep');
