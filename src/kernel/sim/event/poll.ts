/** poll(2) of the sim kernel. This module is browser compatible. */
import { EINVAL } from '../../errno.js';
import { POLLERR, POLLHUP, POLLNVAL } from '../../flags.js';
import type { Call } from '../call.js';

/** As many descriptors as the addon takes in one call. */
const MOST_DESCRIPTORS = 1024;
/** What is reported unasked. */
const UNASKED = POLLERR | POLLHUP;
/** The events are shorts. */
const SHORT = 0xffff;

/** Where nothing is true and there is time to wait, it would sleep. */
export function poll(call: Call, timeoutMs: number, triples: Int32Array): number {
  const count = triples.length / 3;
  if (!Number.isInteger(count) || count > MOST_DESCRIPTORS) return -EINVAL;
  if (count > call.caller.descriptorLimit) return -EINVAL;
  const masks: number[] = [];
  let ready = 0;
  for (let at = 0; at < triples.length; at += 3) {
    const mask = maskOf(call, triples[at] as number, triples[at + 1] as number);
    if (mask !== 0) ready++;
    masks.push(mask);
  }
  if (ready === 0 && timeoutMs !== 0) return call.unslept;
  for (const [index, mask] of masks.entries()) triples[3 * index + 2] = mask;
  return ready;
}

/** A negative number is skipped. */
function maskOf(call: Call, fd: number, events: number): number {
  if (fd < 0) return 0;
  const file = call.file(fd);
  if (file === undefined) return POLLNVAL;
  return file.object.poll(file) & ((events & SHORT) | UNASKED);
}
