/** `sluice copy SRC DST --tee …`: what a script can rely on. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, symlinkSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import { pattern } from '../helpers/claims.js';
import { all, line, outcome, run, start } from './program.js';
import { makeFolder } from './site.js';

const CONTENT = pattern(500_000);

test('sluice copy --tee: each target has everything, in one pass over a pipe', async (t) => {
  const folder = makeFolder(t, { b: pattern(600_000, 2) });
  const child = start(t, ['copy', '-', 'b', '--tee', 'c', '--tee=-'], folder);
  child.stdin?.end(CONTENT);
  const { code, stdout, stderr } = await outcome(child);
  assert.deepEqual([code, stderr], [0, '']);
  assert.ok(Buffer.from(stdout, 'latin1').equals(CONTENT));
  for (const name of ['b', 'c']) assert.ok(readFileSync(join(folder, name)).equals(CONTENT));
});

test('sluice copy --tee --json says what each target has', async (t) => {
  const folder = makeFolder(t, { a: CONTENT });
  const parameters = ['copy', '--json', 'a', 'b', '--tee', '/dev/full', '--tee', 'c'];
  const { code, stdout, stderr } = await run(t, parameters, folder);
  const { durationMs, ...rest } = JSON.parse(stdout);
  assert.equal(typeof durationMs, 'number');
  const [bytes, method] = [CONTENT.length, 'splice'];
  const full = { bytes: 0, method: 'read-write', error: 'No space left on device' };
  assert.deepEqual(rest, {
    bytes,
    method,
    targets: [
      { name: 'b', bytes, method },
      { name: '/dev/full', ...full },
      { name: 'c', bytes, method },
    ],
  });
  assert.equal(code, 1);
  assert.equal(stderr, "sluice: copy: 'a' to '/dev/full': No space left on device\n");
});

test('sluice copy --tee: status 1 where DST fails, and the others have everything', async (t) => {
  const folder = makeFolder(t, { a: CONTENT });
  const { code, stderr } = await run(t, ['copy', 'a', '/dev/full', '--tee', 'c'], folder);
  assert.deepEqual([code, stderr.split('\n').length], [1, 2]);
  assert.ok(readFileSync(join(folder, 'c')).equals(CONTENT));
});

test('sluice copy --tee: where all fail each is told once', async (t) => {
  const folder = makeFolder(t, { a: CONTENT });
  const parameters = ['copy', 'a', '/dev/full', '--tee', '/dev/full'];
  const { code, stderr } = await run(t, parameters, folder);
  const said = "sluice: copy: 'a' to '/dev/full': No space left on device\n";
  assert.deepEqual([code, stderr], [1, said + said]);
});

test('sluice copy --offset --limit --tee: that part, or what there is of it', async (t) => {
  const folder = makeFolder(t, { a: CONTENT });
  for (const [offset, limit] of [
    [5, 100_000],
    [499_990, 100],
    [600_000, 1],
  ] as const) {
    const part = ['--offset', `${offset}`, '--limit', `${limit}`];
    const { code, stderr } = await run(t, ['copy', ...part, 'a', 'b', '--tee', 'c'], folder);
    assert.deepEqual([code, stderr], [0, '']);
    const expected = CONTENT.subarray(offset, offset + limit);
    for (const name of ['b', 'c']) assert.ok(readFileSync(join(folder, name)).equals(expected));
  }
});

const REFUSED: readonly (readonly [string[], number, string])[] = [
  [['a', 'b', '--tee', 'b'], 1, "'b' and 'b' are the same file"],
  [['a', 'b', '--tee', 'link'], 1, "'a' and 'link' are the same file"],
  [['a', 'b', '--tee', 'none/c'], 1, 'none/c: No such file or directory'],
  [['a', 'b', '--tee', '.'], 1, '.: Is a directory'],
  [['a', 'b', '--tee', 'tcp:127.0.0.1:1'], 1, 'tcp:127.0.0.1:1: Connection refused'],
  [['a', 'b', '--tee', ''], 2, 'an empty name is no file'],
];

for (const [parameters, code, message] of REFUSED) {
  test(`sluice copy ${parameters.join(' ')} is refused, and nothing emptied`, async (t) => {
    const folder = makeFolder(t, { a: CONTENT, b: 'before' });
    symlinkSync('a', join(folder, 'link'));
    const refused = await run(t, ['copy', ...parameters], folder);
    const hint = code === 2 ? "Try 'sluice copy --help'.\n" : '';
    const stderr = `sluice: copy: ${message}\n${hint}`;
    assert.deepEqual(refused, { code, signal: null, stdout: '', stderr });
    assert.ok(readFileSync(join(folder, 'a')).equals(CONTENT));
    assert.equal(readFileSync(join(folder, 'b'), 'utf8'), 'before');
  });
}

test('sluice copy --offset --tee from a pipe is refused', async (t) => {
  const folder = makeFolder(t, {});
  const child = start(t, ['copy', '--offset', '5', '-', 'b', '--tee', 'c'], folder);
  const { code, stderr } = await outcome(child);
  assert.deepEqual([code, stderr], [1, 'sluice: copy: -: Illegal seek\n']);
});

test('sluice copy --tee: a reader of stdout that goes away ends it quietly: 141', async (t) => {
  const folder = makeFolder(t, { a: pattern(8_000_000) });
  const parameters = ['copy', 'a', '-', '--tee', 'c'];
  const child = start(t, parameters, folder, ['ignore', 'pipe', 'pipe']);
  await once(child.stdout as Readable, 'readable');
  child.stdout?.destroy();
  const [stderr, [code]] = await Promise.all([all(child.stderr), once(child, 'close')]);
  assert.deepEqual([code, stderr], [141, '']);
});

test('sluice copy --tee: an idle source is told with how far it came', async (t) => {
  const folder = makeFolder(t, {});
  const parameters = ['copy', '--idle-timeout', '50ms', '-', 'b', '--tee', 'c'];
  const child = start(t, parameters, folder);
  child.stdin?.write('some');
  const { code, stderr } = await outcome(child);
  assert.equal(code, 1);
  assert.equal(stderr, "sluice: copy: '-': no byte moved for 50 ms, after 4 bytes\n");
});

test('sluice copy --tee: a connection hears an end only when it has everything', async (t) => {
  const folder = makeFolder(t, { a: CONTENT });
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const to = ['--tee', `tcp:127.0.0.1:${port}`];
  const connected = once(server, 'connection');
  const whole = run(t, ['copy', 'a', 'b', ...to], folder);
  const [received] = (await connected) as [Socket];
  assert.equal((await all(received)).length, CONTENT.length);
  assert.equal((await whole).code, 0);

  const again = once(server, 'connection');
  const child = start(t, ['copy', '-', 'b', ...to], folder);
  const [cut] = (await again) as [Socket];
  child.stdin?.write('some');
  await once(cut, 'data');
  const failing = once(cut, 'error');
  child.kill('SIGTERM');
  assert.equal(((await failing)[0] as NodeJS.ErrnoException).code, 'ECONNRESET');
  assert.deepEqual((await outcome(child)).signal, 'SIGTERM');
});

test('sluice copy --tee listens like DST does', async (t) => {
  const folder = makeFolder(t, { a: CONTENT });
  const child = start(t, ['copy', 'a', 'b', '--tee', 'unix-listen:socket'], folder);
  await line(child.stderr as Readable, /listening on (unix:\S+)\n/);
  const sent = outcome(child);
  assert.equal((await run(t, ['copy', 'unix:socket', 'c'], folder)).code, 0);
  assert.equal((await sent).code, 0);
  for (const name of ['b', 'c']) assert.ok(readFileSync(join(folder, name)).equals(CONTENT));
});
