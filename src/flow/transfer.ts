/**
 * Moves all bytes of a flow, down its ladder of methods. This module is browser compatible.
 */
import { EAGAIN, EINTR } from '../kernel/errno.js';
import { check } from '../kernel/error.js';
import { Buffered } from './buffered.js';
import { awaitReady } from './ends.js';
import type { Flow } from './flow.js';
import { type Mover, startMover } from './mover.js';
import type { Method } from './route.js';
import { isUnsupported } from './unsupported.js';

/** The call that a method fails in, for error messages. */
const CALL_OF: Readonly<Record<Method, string>> = {
  copy_file_range: 'copy_file_range',
  sendfile: 'sendfile',
  splice: 'splice',
  'splice-pipe': 'splice',
  'read-write': 'read',
};

/**
 * Moves until the source ends or the flow's limit is reached; answers the method that saw it.
 * Rejects when a call fails or the signal aborts; `flow.bytes` has arrived by then.
 */
export async function transfer(flow: Flow, ladder: readonly Method[]): Promise<Method> {
  for (const method of ladder) {
    const mover = startMover(flow, method);
    try {
      if (await moveBy(flow, mover, method, method === ladder.at(-1))) return method;
    } finally {
      mover.close();
    }
  }
  throw new Error('the last method of a ladder ends or throws');
}

/**
 * Answers false where the method does not work here: the next goes on, not a byte between.
 *
 * An end of a TCP connection is believed to read(2) only: at an urgent mark, once the peer's FIN is
 * here, splice(2) answers 0 with all the bytes after the mark still to come.
 */
async function moveBy(flow: Flow, mover: Mover, method: Method, last: boolean): Promise<boolean> {
  const { source, runtime } = flow;
  let refusals = 0;
  while (!mover.spent) {
    flow.throwIfStopped();
    if (flow.remaining === 0) return true;
    if (flow.turn.over) await flow.turn.end(runtime.clock);
    const answer = mover.step();
    let taken = typeof answer === 'number' ? answer : await answer;
    if (taken === 0 && !last && source.kind === 'tcp') taken = await new Buffered(flow).step();
    flow.turn.spend(Math.max(taken, 0));
    if (taken > 0) refusals = 0;
    if (taken > 0 || taken === -EINTR) continue;
    if (flow.bytes === 0 && !last && declines(flow, taken)) return false;
    if (taken === 0) return true;
    if (taken === -EAGAIN) refusals = await wait(flow, refusals + 1);
    else check(taken, CALL_OF[method], source.fd);
  }
  return false;
}

/**
 * A file system that makes its files up may show an end at once to all but read(2), so that counts
 * from the last method only.
 */
function declines({ source }: Flow, result: number): boolean {
  return result === 0 ? source.kind === 'file' : isUnsupported(result);
}

/**
 * After EAGAIN. Two ends that are ready and still refuse would be asked for ever: a pipe with free
 * bytes but no free slot, a socket at its urgent mark. One plain read gets past both, at the second
 * refusal in a row: at the first they may have become ready just now. Answers how many there are.
 */
async function wait(flow: Flow, refusals: number): Promise<number> {
  const { runtime, source, target, signal } = flow;
  if (await awaitReady(runtime, source, target, signal)) {
    flow.turn.renew();
    return 0;
  }
  if (refusals === 1) return refusals;
  const count = await new Buffered(flow).step();
  if (count < 0 && count !== -EAGAIN && count !== -EINTR) check(count, 'read', source.fd);
  if (count <= 0) await flow.turn.end(runtime.clock);
  return 0;
}
