/**
 * A mapping of 1 GiB whose file has nothing left, touched on every second page. Prints how many
 * touches there were, and the bytes that were replaced.
 */
import assert from 'node:assert/strict';
import { map } from '../../../src/index.js';
import { linux } from '../../../src/kernel/linux.js';
import * as sys from '../../../src/sys.js';
import { PAGE } from './content.js';

const LENGTH = 2 ** 30;
const fd = sys.memfd_create('sluice-large', sys.MFD_CLOEXEC);
sys.ftruncate(fd, LENGTH);
const tickets: number[] = [];
const { guard } = linux;
linux.guard = (...parameters) => {
  const ticket = guard(...parameters);
  tickets.push(ticket);
  return ticket;
};
const mapping = map(fd, { access: 'write' });
sys.ftruncate(fd, 0);
const { bytes } = mapping;
let touches = 0;
for (let at = 0; at < LENGTH; at += 2 * PAGE) {
  bytes[at] = 1;
  touches++;
}
const state = new BigInt64Array(3);
assert.equal(linux.guard_state(tickets[0] as number, state), 0);
assert.ok(mapping.damaged);
assert.equal(mapping.lost, LENGTH);
assert.ok((state[0] as bigint) <= 2n, `${state[0]} faults`);
console.log(`${touches} touches, ${state[0]} fault, ${mapping.lost} bytes lost`);
