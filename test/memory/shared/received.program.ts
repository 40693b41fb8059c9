// Descriptor 3 is a Unix socket through which shared memory comes, with its doorbell.
import assert from 'node:assert/strict';
import { adopt, type Fd, SharedMemory } from 'sluice';

using socket = adopt(3);
const { fds } = await socket.recvFds({ max: 2 });
const [fd, doorbell] = fds as [Fd, Fd];
const shared = SharedMemory.open(fd, { doorbell });
for (const one of fds) one.close();
const words = new Int32Array(shared.buffer);
while (Atomics.load(words, 0) === 0) await shared.wait(0, 0);
{
  using held = await shared.lock(1);
  assert.equal(held.abandoned, false);
  Atomics.store(words, 2, 2 * Atomics.load(words, 0));
}
shared.notify();
shared.close();
