/**
 * As an ordinary user whose pipes have used up the soft limit: do 2,000 relays at once, and a copy
 * and a tee, still do their work?
 */
import { readFileSync } from 'node:fs';
import { copy, type Fd, linux, pipe, relay, socketPair, tee } from '../../src/index.js';
import * as f from '../../src/kernel/flags.js';
import { pattern } from '../helpers/claims.js';
import { type Relayed, receiveAll, relayed, send } from '../helpers/connections.js';

const RELAYS = 2000;
const TWO_PAGES = 2 * linux.page_size();
const soft = Number(readFileSync('/proc/sys/fs/pipe-user-pages-soft', 'latin1'));
const largest = Number(readFileSync('/proc/sys/fs/pipe-max-size', 'latin1'));

/** What a pipe holds that is made now. */
function capacityNow(): number {
  const probe = pipe();
  const { capacity } = probe.writer;
  probe[Symbol.dispose]();
  return capacity;
}

/** Makes pipes, large ones while they may be enlarged, until new ones have but two pages. */
function useUp(): void {
  for (let made = 0; made < soft && capacityNow() > TWO_PAGES; made++) {
    const fds = new Int32Array(2);
    linux.pipe2(f.O_CLOEXEC, fds);
    linux.fcntl(fds[1] as number, f.F_SETPIPE_SZ, largest);
  }
}

const bytes = pattern(200_000);

async function exact(reader: Fd): Promise<boolean> {
  const arrived = await receiveAll(reader);
  reader.close();
  return Buffer.from(bytes).equals(arrived);
}

async function feed(writer: Fd): Promise<void> {
  await send(writer, bytes);
  writer.close();
}

async function carries({ client, server, result }: Relayed): Promise<boolean> {
  const [right] = await Promise.all([exact(server), feed(client)]);
  await result;
  return right;
}

/** All connections are open before the first byte moves. */
async function relays(): Promise<number> {
  const all = Array.from({ length: RELAYS }, (_, index) =>
    relayed({ relay }, index % 2 === 0 ? 'tcp' : 'unix'),
  );
  const outcomes = await Promise.all(all.map(carries));
  return outcomes.filter(Boolean).length;
}

async function copies(): Promise<boolean> {
  const [[writer, source], [target, reader]] = [socketPair(), socketPair()];
  const copying = copy(source, target, { closeTarget: true });
  const [right] = await Promise.all([exact(reader), feed(writer), copying]);
  source.close();
  return right;
}

async function tees(): Promise<readonly boolean[]> {
  const [[writer, source], [target, reader], own] = [socketPair(), socketPair(), pipe()];
  const teeing = tee(source, [target, own.writer]).then(() => {
    for (const fd of [target, own.writer]) fd.close();
  });
  const [, first, second] = await Promise.all([
    feed(writer),
    exact(reader),
    exact(own.reader),
    teeing,
  ]);
  source.close();
  return [first, second];
}

useUp();
const before = capacityNow();
const relayedExactly = await relays();
const outcome = {
  twoPages: [before, capacityNow()].every((capacity) => capacity === TWO_PAGES),
  relayed: relayedExactly,
  copied: await copies(),
  teed: await tees(),
};
process.stdout.write(JSON.stringify(outcome));
