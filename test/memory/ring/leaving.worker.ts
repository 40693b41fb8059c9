// Ends with rings in every state: see `workers` in test/helpers/doors.ts.
import { parentPort } from 'node:worker_threads';
import { RingChannel, RingSender } from '../../../src/index.js';

const unopened = RingChannel.create({ producers: 2 });
unopened.senders[0]?.close();
const opened = RingChannel.create({ capacity: 4096 });
const sender = opened.senders[0]?.open();
const receiver = opened.receiver.open();
sender?.reserve(10);
receiver.peek();
const full = RingChannel.create({ capacity: 4096 });
const waiting = full.senders[0]?.open();
await waiting?.send(new Uint8Array(4000));
void waiting?.send(new Uint8Array(4000));
const empty = RingChannel.create();
void empty.receiver.open().receive();
const given = RingChannel.create();
const numbers = given.senders[0]?.give((fds) => fds.map((fd) => fd.dup().release()));
RingSender.open(numbers ?? []);
const closed = RingChannel.create();
closed.receiver.open().close();
closed[Symbol.dispose]();
parentPort?.once('message', () => process.exit());
parentPort?.postMessage('ready');
