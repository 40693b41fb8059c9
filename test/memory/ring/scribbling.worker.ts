/**
 * A worker that gets [memory, socket] of rings: sends in them and writes anything anywhere,
 * quickly, and rings; then it is gone without closing.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { mulberry32 } from '../../../src/kernel/random.js';
import { HEAD, RECEIVER_SLEEPS, SENDER_STATE } from '../../../src/memory/ring/layout.js';
import { mapLane } from '../../../src/memory/ring/memory.js';
import { LaneWriter } from '../../../src/memory/ring/writer.js';
import { linuxRuntime } from '../../../src/node/runtime.js';
import { close, MSG_DONTWAIT, send } from '../../../src/sys.js';

const random = mulberry32(workerData.seed);
const body = new Uint8Array(200);

parentPort?.on('message', ([memory, socket]: [number, number]) => {
  const lane = mapLane(linuxRuntime, memory);
  const { control, words } = lane;
  const writer = new LaneWriter(lane);
  for (let count = 0; count < 3000; count++) {
    try {
      writer.write(body.subarray(0, random() * 200));
    } catch {
      // The tail is scribbled over, too.
    }
    if (random() < 0.01) words[Math.floor(random() * words.length)] = Math.floor(random() * 300);
    if (random() < 0.001) Atomics.add(control, HEAD, Math.floor(random() * 64));
    if (Atomics.exchange(control, RECEIVER_SLEEPS, 0) !== 0) {
      try {
        send(socket, body.subarray(0, 1), MSG_DONTWAIT);
      } catch {
        break;
      }
    }
  }
  Atomics.store(control, SENDER_STATE, 1);
  lane.unmap();
  close(memory);
  close(socket);
});
