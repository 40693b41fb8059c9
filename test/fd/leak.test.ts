import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';

const INDEX = new URL('../../src/index.js', import.meta.url).href;

/** Forgets both ends of a pipe, closes two, gives one away, and lets the collector run. */
const PROGRAM = `
  import { open, pipe } from '${INDEX}';
  function forgetful() { pipe(); }
  async function absentMinded() { await open('/dev/null'); }
  forgetful();
  await absentMinded();
  const kept = pipe();
  kept.reader.close();
  kept.writer.release();
  const { readdirSync, readlinkSync } = await import('node:fs');
  const link = (fd) => { try { return readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } };
  const open_ = () => readdirSync('/proc/self/fd').map((fd) => fd + ' ' + link(fd));
  const before = open_().filter((one) => / (pipe:|\\/dev\\/null)/.test(one));
  for (let round = 0; round < 20; round++) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const after = new Set(open_());
  console.log(JSON.stringify({ closed: before.filter((one) => !after.has(one)) }));
`;

function run(leaks: string) {
  const parameters = ['--expose-gc', '--input-type=module', '-e', PROGRAM];
  const env = { ...process.env, SLUICE_LEAKS: leaks };
  return spawnSync(process.execPath, parameters, { env, encoding: 'utf8' });
}

test('F10: SLUICE_LEAKS=1 reports each forgotten descriptor once, with its opening', () => {
  const { stdout, stderr, status } = run('1');
  assert.equal(status, 0, stderr);
  assert.equal(stderr.match(/SLUICE_LEAK/g)?.length, 3, stderr);
  assert.equal(stderr.match(/at forgetful/g)?.length, 2, stderr);
  assert.equal(stderr.match(/at (async )?absentMinded/g)?.length, 1, stderr);
  assert.deepEqual(JSON.parse(stdout), { closed: [] });
});

test('F10: without it nothing is reported, and nothing closed', () => {
  const { stdout, stderr } = run('');
  assert.equal(stderr, '');
  assert.deepEqual(JSON.parse(stdout), { closed: [] });
});

test('F10: without it no stack is taken', () => {
  const program = `
    import { pipe } from '${INDEX}';
    let stacks = 0;
    Error.prepareStackTrace = () => stacks++;
    pipe();
    console.log(stacks);
  `;
  const env = { ...process.env, SLUICE_LEAKS: '' };
  const parameters = ['--input-type=module', '-e', program];
  assert.equal(execFileSync(process.execPath, parameters, { env, encoding: 'utf8' }), '0\n');
});
