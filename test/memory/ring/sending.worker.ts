/**
 * A worker that sends [index, count] so many times, and closes; or for ever, where `rounds` is
 * none.
 */
import { workerData } from 'node:worker_threads';
import { RingSender } from '../../../src/index.js';

const { numbers, index, rounds = Number.POSITIVE_INFINITY } = workerData;
const sender = RingSender.open(numbers);
for (let count = 0; count < rounds; count++) await sender.send(Uint32Array.of(index, count));
sender.close();
