import assert from 'node:assert/strict';
import { EAGAIN, EBADF, EFAULT, ENOTTY } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { unread } from '../../helpers/transfer.js';

row('IOCTL-FIONREAD', 'counts what can be read: pipe, sockets, file', (subject) => {
  const { kernel, pipe, socketPair, file } = subject;
  const [reader, writer] = pipe();
  assert.equal(unread(kernel, reader), 0);
  succeeds(kernel.writev(writer, [text('ab'), text('cde')]), 5);
  assert.equal(unread(kernel, reader), 5);

  const [left, right] = socketPair(f.SOCK_DGRAM);
  for (const message of ['four', 'seven..']) succeeds(kernel.write(left, text(message)));
  assert.equal(unread(kernel, right), 4);

  const fd = file(text('0123456789'));
  succeeds(kernel.read(fd, new Uint8Array(3)), 3);
  assert.equal(unread(kernel, fd), 7);
});

row('IOCTL-FIONREAD', 'an offset behind the end of a file is less than nothing', (subject) => {
  const { kernel, file } = subject;
  const fd = file(text('0123456789'));
  succeeds(kernel.lseek(fd, 15, f.SEEK_SET, new BigInt64Array(1)), 0);
  const count = Int32Array.of(7);
  succeeds(kernel.ioctl(fd, f.FIONREAD, count), 0);
  assert.equal(count[0], -5);
});

row(
  'IOCTL-FIONBIO',
  'turns O_NONBLOCK on and off and leaves the rest',
  ({ kernel, keep, pipe }) => {
    const [reader] = pipe();
    const copy = keep(kernel.dup(reader));
    succeeds(kernel.fcntl(reader, f.F_SETFL, f.O_APPEND), 0);
    succeeds(kernel.ioctl(reader, f.FIONBIO, Int32Array.of(1)), 0);
    succeeds(kernel.fcntl(copy, f.F_GETFL), f.O_APPEND | f.O_NONBLOCK);
    failsWith(kernel.read(copy, new Uint8Array(1)), EAGAIN);
    succeeds(kernel.ioctl(reader, f.FIONBIO, Int32Array.of(0)), 0);
    succeeds(kernel.fcntl(copy, f.F_GETFL), f.O_APPEND);
  },
);

row(
  'IOCTL-ERRORS',
  'a bad descriptor is EBADF, another request ENOTTY, no memory EFAULT',
  (subject) => {
    const { kernel, keep, pipe, directory } = subject;
    const TCGETS = 0x5401;
    const FIOCLEX = 0x5451;
    const [reader] = pipe();
    const path = keep(kernel.openat(f.AT_FDCWD, directory(), f.O_PATH, 0));
    const value = Int32Array.of(7);
    failsWith(kernel.ioctl(-1, f.FIONREAD, value), EBADF);
    failsWith(kernel.ioctl(path, f.FIONBIO, value), EBADF);
    failsWith(kernel.ioctl(reader, TCGETS, value), ENOTTY);
    // Known to every descriptor, but no request of sluice: it would set FD_CLOEXEC.
    succeeds(kernel.fcntl(reader, f.F_SETFD, 0), 0);
    failsWith(kernel.ioctl(reader, FIOCLEX, value), ENOTTY);
    succeeds(kernel.fcntl(reader, f.F_GETFD), 0);
    failsWith(kernel.ioctl(reader, f.FIONREAD, new Int32Array(0)), EFAULT);
    assert.equal(value[0], 7);
  },
);
