/**
 * A worker of a relay on a thread of its own. It hears no signal and prints nothing: all it is told
 * and all it says are messages.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { linuxRuntime } from '../../node/runtime.js';
import { reason } from '../failure.js';
import type { Tally } from './tally.js';
import { type Job, RelayWorker } from './worker.js';

/** What it is told. */
export type Order = 'tally' | 'drain' | 'abort';

/** What it says. After `ended` nothing more. */
export type Message =
  | { readonly kind: 'ready' }
  | { readonly kind: 'trouble'; readonly what: string }
  | { readonly kind: 'tally' | 'ended'; readonly tally: Tally };

const port = parentPort as MessagePort;
const worker = new RelayWorker(linuxRuntime, workerData as Job, (error) =>
  send({ kind: 'trouble', what: reason(error) }),
);
let ending = false;
port.on('message', obey);
send({ kind: 'ready' });

function obey(order: Order): void {
  if (order === 'tally') {
    send({ kind: 'tally', tally: worker.tally() });
    return;
  }
  const over = order === 'abort' ? worker.abort() : worker.drain();
  if (!ending) void end(over);
  ending = true;
}

async function end(over: Promise<void>): Promise<void> {
  await over;
  send({ kind: 'ended', tally: worker.tally() });
  port.close();
}

function send(message: Message): void {
  port.postMessage(message);
}
