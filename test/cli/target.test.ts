/** `sluice relay`: the addresses of a target by name. */
import assert from 'node:assert/strict';
import dns from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';
import { type TestContext, test } from 'node:test';
import { Target } from '../../src/cli/relay/target.js';
import { linuxRuntime } from '../../src/node/runtime.js';
import { VirtualClock } from '../helpers/clock.js';

type Found = { address: string; family: number }[];

/** What a name has now, and how often that was asked. */
function names(t: TestContext, first: Found) {
  const known = { found: first, error: undefined as Error | undefined, asked: [] as unknown[] };
  t.mock.method(dns, 'lookup', async (name: string, options: unknown) => {
    known.asked.push([name, options]);
    if (known.error !== undefined) throw known.error;
    return known.found;
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  return known;
}

const KEPT_MS = 30_000;
const DB = { kind: 'tcp', host: 'db', port: 80, listen: false } as const;

function target(clock: VirtualClock): Target {
  return new Target({ ...linuxRuntime, clock }, DB, KEPT_MS);
}

const addressesOf = async (target: Target) =>
  (await target.places()).map(({ address }) => ('address' in address ? address.address : ''));

test('a name is asked once for all who wait, and its addresses stay in their order', async (t) => {
  const known = names(t, [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ]);
  const db = target(new VirtualClock());
  assert.deepEqual(await Promise.all([addressesOf(db), addressesOf(db)]), [
    ['::1', '127.0.0.1'],
    ['::1', '127.0.0.1'],
  ]);
  assert.deepEqual(known.asked, [['db', { all: true }]]);
});

test('--resolve-ttl: addresses are kept so long, then asked anew', async (t) => {
  const known = names(t, [{ address: '127.0.0.1', family: 4 }]);
  const clock = new VirtualClock();
  const db = target(clock);
  assert.deepEqual(await addressesOf(db), ['127.0.0.1']);
  known.found = [{ address: '127.0.0.2', family: 4 }];
  clock.advance(KEPT_MS - 1);
  assert.ok(Array.isArray(db.places()), 'known, so nobody waits');
  assert.deepEqual(await addressesOf(db), ['127.0.0.1']);
  clock.advance(1);
  assert.deepEqual(await addressesOf(db), ['127.0.0.2']);
  assert.equal(known.asked.length, 2);
});

test('a name that is not found is asked for again by the next', async (t) => {
  const known = names(t, [{ address: '127.0.0.1', family: 4 }]);
  const db = target(new VirtualClock());
  known.error = Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
  await assert.rejects(addressesOf(db), { code: 'ENOTFOUND' });
  known.error = undefined;
  assert.deepEqual(await addressesOf(db), ['127.0.0.1']);
});
