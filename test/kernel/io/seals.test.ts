import assert from 'node:assert/strict';
import { EBUSY, EINVAL, EPERM } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, succeeds, text } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';

function sealable({ kernel, keep }: Subject): number {
  const fd = keep(kernel.memfd_create('seals', f.MFD_CLOEXEC | f.MFD_ALLOW_SEALING));
  succeeds(kernel.write(fd, text('sealed')), 6);
  return fd;
}

row('SEAL-ADD', 'seals add up and none can be taken off', (subject) => {
  const { kernel } = subject;
  const fd = sealable(subject);
  succeeds(kernel.fcntl(fd, f.F_GET_SEALS), 0);
  succeeds(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_GROW), 0);
  succeeds(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_SHRINK), 0);
  succeeds(kernel.fcntl(fd, f.F_ADD_SEALS, 0), 0);
  succeeds(kernel.fcntl(fd, f.F_GET_SEALS), f.F_SEAL_GROW | f.F_SEAL_SHRINK);
});

row('SEAL-EFFECT', 'each seal forbids its change with EPERM', (subject) => {
  const { kernel } = subject;
  const fd = sealable(subject);
  succeeds(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_SHRINK), 0);
  failsWith(kernel.ftruncate(fd, 1), EPERM);
  succeeds(kernel.ftruncate(fd, 7), 0);
  succeeds(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_GROW), 0);
  failsWith(kernel.ftruncate(fd, 8), EPERM);
  failsWith(kernel.pwrite(fd, text('x'), 7), EPERM);
  succeeds(kernel.pwrite(fd, text('x'), 0), 1);
  succeeds(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_WRITE), 0);
  failsWith(kernel.pwrite(fd, text('x'), 0), EPERM);
});

row('SEAL-SEAL', 'after F_SEAL_SEAL no seal can be added', (subject) => {
  const { kernel, keep } = subject;
  const fd = sealable(subject);
  succeeds(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_SEAL), 0);
  failsWith(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_GROW), EPERM);
  const plain = keep(kernel.memfd_create('plain', f.MFD_CLOEXEC));
  succeeds(kernel.fcntl(plain, f.F_GET_SEALS), f.F_SEAL_SEAL);
  failsWith(kernel.fcntl(plain, f.F_ADD_SEALS, f.F_SEAL_GROW), EPERM);
});

row('SEAL-BUSY', 'F_SEAL_WRITE waits for no writable mapping: EBUSY', (subject) => {
  const { kernel } = subject;
  const fd = sealable(subject);
  const mapped = succeeds(kernel.mmap(0, 4096, f.PROT_READ | f.PROT_WRITE, f.MAP_SHARED, fd, 0));
  const sealed = kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_WRITE);
  const future = kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_FUTURE_WRITE);
  const stored = kernel.store(mapped, text('S'));
  succeeds(kernel.munmap(mapped, 4096), 0);
  failsWith(sealed, EBUSY);
  succeeds(future, 0);
  succeeds(stored, 1);
  failsWith(kernel.pwrite(fd, text('x'), 0), EPERM);
});

row('SEAL-BUSY', 'F_SEAL_WRITE waits for no page that is in a pipe: EBUSY', (subject) => {
  const { kernel } = subject;
  const fd = sealable(subject);
  const [reader, writer] = subject.pipe();
  succeeds(kernel.splice(fd, 0, writer, null, 6, 0), 6);
  failsWith(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_WRITE), EBUSY);
  succeeds(kernel.fcntl(fd, f.F_GET_SEALS), 0);
  succeeds(kernel.read(reader, new Uint8Array(6)), 6);
  succeeds(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_WRITE), 0);
});

row('SEAL-ERRORS', 'what cannot be sealed is EINVAL, a read-only descriptor EPERM', (subject) => {
  const { kernel, keep, file, pipe } = subject;
  const fd = sealable(subject);
  const [reader, writer] = pipe();
  failsWith(kernel.fcntl(reader, f.F_ADD_SEALS, f.F_SEAL_GROW), EPERM);
  for (const other of [file(), writer]) {
    failsWith(kernel.fcntl(other, f.F_GET_SEALS), EINVAL);
    failsWith(kernel.fcntl(other, f.F_ADD_SEALS, f.F_SEAL_GROW), EINVAL);
  }
  failsWith(kernel.fcntl(fd, f.F_ADD_SEALS, 0x4000), EINVAL);
  const readOnly = keep(kernel.openat(f.AT_FDCWD, `/proc/self/fd/${fd}`, f.O_RDONLY, 0));
  failsWith(kernel.fcntl(readOnly, f.F_ADD_SEALS, f.F_SEAL_GROW), EPERM);
  assert.equal(succeeds(kernel.fcntl(readOnly, f.F_GET_SEALS)), 0);
});

row('SEAL-GROW', 'F_SEAL_GROW forbids room behind the end too', (subject) => {
  const { kernel } = subject;
  const fd = sealable(subject);
  succeeds(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_GROW), 0);
  failsWith(kernel.fallocate(fd, f.FALLOC_FL_KEEP_SIZE, 0, 7), EPERM);
  succeeds(kernel.fallocate(fd, f.FALLOC_FL_KEEP_SIZE, 0, 6), 0);
});

row('SEAL-GROW', 'a page of a splice that would reach behind the end is not begun', (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  const fd = sealable(subject);
  succeeds(kernel.ftruncate(fd, 5000), 0);
  succeeds(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_GROW), 0);
  for (const length of [4096, 906]) {
    succeeds(kernel.vmsplice(writer, [new Uint8Array(length)], 0), length);
  }
  succeeds(kernel.splice(reader, null, fd, 0, 5002, 0), 4096);
  succeeds(kernel.splice(reader, null, fd, 4096, 904, 0), 904);
});
