// F6: where SIGPIPE is ignored, as Node has it, every call says EPIPE and the process lives.
import { EPIPE } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, succeeds, text } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';

const BYTES = text('nobody reads this');

/** A pipe and a socket whose other ends are closed. */
function dead({ kernel, pipe, keep, close }: Subject): [pipe: number, socket: number] {
  const [reader, writer] = pipe();
  close(reader);
  const fds = new Int32Array(2);
  succeeds(kernel.socketpair(f.AF_UNIX, f.SOCK_STREAM | f.SOCK_CLOEXEC, 0, fds), 0);
  succeeds(kernel.close(fds[1] as number), 0);
  return [writer, keep(fds[0] as number)];
}

row('F6', 'every call that writes to a dead peer is EPIPE', (subject) => {
  const { kernel, keep, pipe } = subject;
  const [deadPipe, socket] = dead(subject);
  const [full, writer] = pipe();
  succeeds(kernel.write(writer, BYTES), BYTES.length);
  const file = keep(kernel.memfd_create('dead-peer', f.MFD_CLOEXEC));
  succeeds(kernel.pwrite(file, BYTES, 0), BYTES.length);
  for (const fd of [deadPipe, socket]) {
    failsWith(kernel.write(fd, BYTES), EPIPE);
    failsWith(kernel.writev(fd, [BYTES, BYTES]), EPIPE);
    failsWith(kernel.pwritev2(fd, [BYTES], -1, f.RWF_NOWAIT), EPIPE);
    failsWith(kernel.splice(full, null, fd, null, 5, f.SPLICE_F_NONBLOCK), EPIPE);
    failsWith(kernel.sendfile(fd, file, 0, BYTES.length), EPIPE);
  }
  failsWith(kernel.vmsplice(deadPipe, [BYTES], 0), EPIPE);
  failsWith(kernel.tee(full, deadPipe, 5, f.SPLICE_F_NONBLOCK), EPIPE);
  failsWith(kernel.send(socket, BYTES, 0), EPIPE);
  failsWith(kernel.send(socket, BYTES, f.MSG_NOSIGNAL), EPIPE);
});
