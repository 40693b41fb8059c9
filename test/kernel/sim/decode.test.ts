import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { EINTR } from '../../../src/kernel/errno.js';
import { fault, SimKernel, trace } from '../../../src/sim.js';
import { string, succeeds, text } from '../../helpers/claims.js';

function withPipe(): SimKernel {
  const kernel = new SimKernel();
  succeeds(kernel.pipe2(0, new Int32Array(2)), 0);
  return kernel;
}

test('decode: arrays of another realm are taken, as the addon takes them', () => {
  const kernel = withPipe();
  const [piece, list, filled] = runInNewContext(
    '[new Uint8Array([97, 98]), [new Uint8Array([99]), new Uint8Array(0)], new Uint8Array(8)]',
  ) as [Uint8Array, Uint8Array[], Uint8Array];
  succeeds(kernel.write(1, piece), 2);
  succeeds(kernel.writev(1, list), 1);
  succeeds(kernel.vmsplice(1, list, 0), 1);
  succeeds(kernel.read(0, filled), 4);
  assert.equal(string(Uint8Array.from(filled)), 'abcc\0\0\0\0');
});

test('wrapped: trace and fault leave alone what only a sim kernel has', () => {
  const lines: string[] = [];
  const kernel = withPipe();
  const faults = { random: { seed: 1, rate: 1, errnos: [EINTR] } };
  const wrapped = trace(fault(kernel, faults), (line) => lines.push(line));
  assert.equal(wrapped.inspect().processes.length, 1);
  succeeds(wrapped.fork().write(1, text('x')), 1);
  assert.deepEqual(lines, []);
});
