import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENOMEM } from '../../src/kernel/errno.js';
import { linux } from '../../src/kernel/linux.js';
import type { LinuxKernel } from '../../src/kernel/linux-kernel.js';
import { map } from '../../src/memory/map.js';
import { Quarantine } from '../../src/memory/quarantine.js';
import { linuxRuntime } from '../../src/node/runtime.js';
import * as sys from '../../src/sys.js';
import { CONTENT } from './programs/content.js';

test('M6: without room for zeros a closed mapping stays guarded while it is there', () => {
  const calls: string[] = [];
  let requests = 1;
  const kernel: LinuxKernel = {
    ...linux,
    requests: () => requests,
    mmap: (address, ...more) => (address === 0 ? linux.mmap(address, ...more) : -ENOMEM),
    unguard: (...parameters) => calls.push('unguard') && linux.unguard(...parameters),
    munmap: (...parameters) => calls.push('munmap') && linux.munmap(...parameters),
  };
  const quarantine = new Quarantine(kernel, () => false);
  const fd = sys.memfd_create('sluice-no-room', sys.MFD_CLOEXEC);
  sys.write(fd, CONTENT);
  const mapping = map({ ...linuxRuntime, kernel, quarantine }, fd);
  const { bytes } = mapping;
  mapping.close();
  assert.deepEqual([bytes.length, calls], [0, []]);
  requests = 0;
  return new Promise<void>((resolve) => {
    setImmediate(() => {
      quarantine.sweep();
      assert.deepEqual(calls, ['unguard', 'munmap']);
      sys.close(fd);
      resolve();
    });
  });
});
