/** A worker that makes a ring of two senders, opens one, sends, and gives the receiver away. */
import { parentPort } from 'node:worker_threads';
import { RingChannel } from '../../../src/index.js';

const ring = RingChannel.create({ producers: 2 });
const sender = ring.senders[0]?.open();
await sender?.send(new Uint8Array(3));
ring.receiver.give((fds) => parentPort?.postMessage(fds.map((fd) => fd.dup().release())));
// Its other sending end is never opened: it ends with the worker, too.
setInterval(() => sender, 1000);
