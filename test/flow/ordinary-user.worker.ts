/** As an ordinary user whose pipes have used up the soft limit: do relays still do their work? */
import { readFileSync } from 'node:fs';
import { linux, relay } from '../../src/index.js';
import * as f from '../../src/kernel/flags.js';
import { pattern } from '../helpers/claims.js';
import { receiveAll, relayed, send } from '../helpers/connections.js';

const soft = Number(readFileSync('/proc/sys/fs/pipe-user-pages-soft', 'latin1'));
const largest = Number(readFileSync('/proc/sys/fs/pipe-max-size', 'latin1'));
const fds = new Int32Array(2);
let capacity = Number.POSITIVE_INFINITY;
for (let pages = 0; pages <= soft && capacity > 2 * linux.page_size(); pages += 256) {
  linux.pipe2(f.O_CLOEXEC, fds);
  linux.fcntl(fds[1] as number, f.F_SETPIPE_SZ, largest);
  linux.pipe2(f.O_CLOEXEC, fds);
  capacity = linux.fcntl(fds[1] as number, f.F_GETPIPE_SZ);
}

const bytes = pattern(400_000);
const exact = await Promise.all(
  Array.from({ length: 40 }, async (_unused, index) => {
    const { client, server, result } = relayed({ relay }, index % 2 === 0 ? 'tcp' : 'unix');
    const [arrived] = await Promise.all([
      receiveAll(server),
      send(client, bytes).then(() => client.close()),
    ]);
    server.close();
    await result;
    return Buffer.from(bytes).equals(arrived);
  }),
);
const small = capacity === 2 * linux.page_size();
process.stdout.write(JSON.stringify({ small, exact: exact.filter(Boolean).length }));
