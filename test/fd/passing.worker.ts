/**
 * The other process of passing.test.ts. On descriptor 3, a Unix socket, it is given a pipe's write
 * end each round, writes the round into it, and sends the read end of a pipe with the same back.
 */
import { readdirSync } from 'node:fs';
import { adopt, pipe } from '../../src/index.js';

const socket = adopt(3);
const buffer = Buffer.alloc(16);
const openNow = () => readdirSync('/proc/self/fd').length;
let before = 0;
for (let round = 0; ; round++) {
  const { fds, bytes } = await socket.recvFds({ buffer });
  if (bytes === 0) break;
  if (round === 1) before = openNow();
  const words = buffer.subarray(0, bytes);
  const [writer] = fds;
  if (writer === undefined || fds.length !== 1) process.exit(2);
  await writer.write(words);
  writer.close();
  using answer = pipe();
  await answer.writer.write(words);
  await socket.sendFds([answer.reader], { data: words });
}
if (openNow() > before) process.exit(3);
