/** A refusal that is not true has no edge after it: whoever waits for one waits for ever. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linux } from '../../src/index.js';
import { EAGAIN } from '../../src/kernel/errno.js';
import { fault } from '../../src/kernel/fault.js';
import * as f from '../../src/kernel/flags.js';
import { realClock } from '../../src/node/clock.js';
import { createRuntime } from '../../src/sim.js';
import { pattern, succeeds, text } from '../helpers/claims.js';
import { connected, receiveAll, send } from '../helpers/connections.js';
import { turns, turnsUntil } from '../helpers/turns.js';

/** The first `count` calls of this name are refused. */
function refusing(call: 'preadv2' | 'pwritev2', count: number) {
  const faults = Array.from({ length: count }, (_, n) => ({ call, nth: n + 1, errno: EAGAIN }));
  return createRuntime({ kernel: fault(linux, { faults }), clock: realClock });
}

for (const count of [1, 2, 50]) {
  test(`read() and write() come to their end after ${count} untrue refusals`, async () => {
    using reading = refusing('preadv2', count).pipe();
    assert.equal(await reading.writer.write(text('there')), 5);
    assert.equal(await reading.reader.read(new Uint8Array(9)), 5);
    using writing = refusing('pwritev2', count).pipe();
    assert.equal(await writing.writer.write(text('taken')), 5);
    assert.equal(await writing.reader.read(new Uint8Array(9)), 5);
  });
}

test('an end is seen after an untrue refusal', async () => {
  using p = refusing('preadv2', 1).pipe();
  p.writer.close();
  assert.equal(await p.reader.read(new Uint8Array(1)), 0);
});

test('what claims to be writable and refuses for ever is not asked for ever', async () => {
  let writes = 0;
  const counted = {
    ...linux,
    pwritev2: (...parameters: Parameters<typeof linux.pwritev2>) => {
      writes++;
      return linux.pwritev2(...parameters);
    },
  };
  const { adopt } = createRuntime({ kernel: counted, clock: realClock });
  using counter = adopt(succeeds(linux.eventfd(0, f.EFD_CLOEXEC | f.EFD_NONBLOCK)));
  const most = new Uint8Array(BigUint64Array.of(2n ** 64n - 3n).buffer);
  assert.equal(await counter.write(most), 8);
  const [two, one] = [2n, 1n].map((value) => new Uint8Array(BigUint64Array.of(value).buffer));
  const waiting = counter.write(two as Uint8Array);
  await turns(300);
  const asked = writes;
  await turns(50);
  assert.equal(writes, asked);
  assert.equal(await counter.write(one as Uint8Array), 8);
  assert.equal(await counter.read(new Uint8Array(8)), 8);
  assert.equal(await waiting, 8);
});

test('a relay goes on after refusals that are not true', async () => {
  const bytes = pattern(300_000);
  for (const call of ['recv', 'send', 'splice'] as const) {
    for (const nth of [1, 2, 3, 4, 5]) {
      const storm = [0, 1, 2].map((more) => ({ call, nth: nth + more, errno: EAGAIN }));
      const kernel = fault(linux, { faults: storm });
      const { relay } = createRuntime({ kernel, clock: realClock });
      const [[client, front], [back, server]] = [connected('tcp'), connected('tcp')];
      const result = relay(front, back);
      const [arrived] = await Promise.all([
        receiveAll(server),
        send(client, bytes).then(() => client.close()),
      ]);
      assert.ok(Buffer.from(bytes).equals(arrived), `${call} ${nth}`);
      server.close();
      assert.ok((await turnsUntil(result)) < 100);
    }
  }
});
