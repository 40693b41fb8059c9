/** F7: whatever is under way, a child gets nothing of it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { Sockets } from '../../src/cli/relay/sockets.js';
import { copy, linux, open, pipe, relay, tee } from '../../src/index.js';
import { linuxRuntime } from '../../src/node/runtime.js';
import { connected, relayed, send } from '../helpers/connections.js';
import { feed } from '../helpers/flows.js';
import { turns } from '../helpers/turns.js';

const MANY = new Uint8Array(3_000_000);

/** What a child has beyond its standard streams and the folder that it lists. */
function inherited(): string[] {
  const stdio = ['ignore', 'pipe', 'ignore'] as const;
  const listing = execFileSync('ls', ['-l', '/proc/self/fd'], {
    stdio: [...stdio],
    encoding: 'utf8',
  });
  const lines = listing.trim().split('\n').slice(1);
  const others = lines.filter((line) => !/ (0|1|2) -> | -> \/proc\/\d+\/fd$/.test(line));
  return others.map((line) => line.replace(/.* (?=\d+ -> )/, ''));
}

/** Flows that are stuck in mid-course, so that all that is theirs is open. */
function stuck() {
  const controller = new AbortController();
  const { signal } = controller;
  const blocking = pipe();
  for (const end of [blocking.reader, blocking.writer]) end.nonBlocking = false;
  const [source, feeder] = connected('unix');
  const [target, other] = connected('tcp');
  const teed = pipe();
  const flows = [
    copy(blocking.reader, other, { signal }),
    tee(source, [teed.writer, target], { signal }),
  ];
  const flood = relayed({ relay }, 'tcp', { signal });
  const sending = [feed(feeder, MANY), send(flood.client, MANY)];
  const ends = [blocking.reader, blocking.writer, source, target, other, teed.reader, teed.writer];
  const over = async () => {
    controller.abort();
    await Promise.allSettled([...flows, flood.result]);
    for (const end of [...ends, flood.client, flood.server]) end.close();
    await Promise.allSettled(sending);
  };
  return over;
}

test('F7: a child that is started during every flow has nothing of them', async () => {
  // What this process was itself given may go on.
  const before = inherited();
  const tcp = { kind: 'tcp', host: '127.0.0.1', port: 0, listen: true } as const;
  const { shares } = await Sockets.open(linuxRuntime, [tcp], 2);
  using file = await open('/dev/null');
  const over = stuck();
  for (let turn = 0; turn < 10; turn++) {
    assert.deepEqual(inherited(), before);
    await turns(3);
  }
  await over();
  for (const { fd } of shares.flat()) linux.close(fd);
  assert.ok(file.fd > 2);
});
