/** A worker that makes events on a pipe until state[0] is set; state[1] counts them. */
import { workerData } from 'node:worker_threads';
import { linux } from '../../src/kernel/linux.js';

interface Load {
  readonly reader: number;
  readonly writer: number;
  readonly state: Int32Array;
}

const { reader, writer, state } = workerData as Load;
const byte = new Uint8Array(1);
for (; Atomics.load(state, 0) === 0; Atomics.add(state, 1, 1)) {
  linux.write(writer, byte);
  linux.read(reader, byte);
}
