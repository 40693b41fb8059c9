import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type OpenFlags, open } from '../../src/index.js';
import { F_GETFL, O_ACCMODE, O_APPEND, O_RDWR } from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { text } from '../helpers/claims.js';
import { openDescriptors } from '../helpers/linux-row.js';
import { withCalls } from '../helpers/runtime.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-open-'));
after(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);

test('open() is closed on exec, and reads from the start', async () => {
  writeFileSync(path('a'), 'abc');
  using file = await open(path('a'));
  assert.equal(file.closeOnExec, true);
  assert.equal(linux.fcntl(file.fd, F_GETFL) & O_ACCMODE, 0);
  assert.equal(await file.read(new Uint8Array(9)), 3);
});

test('open() knows the letters of fs.open', async () => {
  const letters: OpenFlags[] = ['w', 'w+', 'a', 'a+', 'r+', 'rs+', 'as', 'as+'];
  for (const flags of letters) {
    writeFileSync(path('b'), 'old');
    using file = await open(path('b'), flags);
    const status = linux.fcntl(file.fd, F_GETFL);
    assert.equal((status & O_ACCMODE) === O_RDWR, flags.endsWith('+'), flags);
    assert.equal((status & O_APPEND) !== 0, flags.startsWith('a'), flags);
    await file.write(text('new!'));
    const expected = flags.startsWith('a') ? 'oldnew!' : 'new!';
    assert.equal(readFileSync(path('b'), 'utf8'), expected, flags);
  }
  for (const flags of ['wx', 'wx+', 'ax', 'ax+'] as const) {
    await assert.rejects(open(path('b'), flags), { code: 'EEXIST' });
  }
});

test('open() makes a file with the mode, less the umask', async () => {
  (await open(path('c'), 'w', { mode: 0o640 })).close();
  assert.equal(statSync(path('c')).mode & 0o777, 0o640 & ~process.umask());
});

test('open() takes flags as a number and a path as bytes', async () => {
  using file = await open(text(path('c')), O_RDWR);
  assert.equal(await file.write(text('x')), 1);
});

test('open() fails as Node does', async () => {
  await assert.rejects(open(path('none')), {
    code: 'ENOENT',
    errno: -2,
    syscall: 'openat',
    path: path('none'),
  });
});

test('open() names what it is given wrongly', async () => {
  for (const wrong of [5, null, {}] as unknown as string[]) {
    await assert.rejects(open(wrong), { code: 'ERR_INVALID_ARG_TYPE', message: /"path"/ });
  }
  await assert.rejects(open('a\0b'), { code: 'ERR_OUT_OF_RANGE', message: /"path"/ });
  for (const wrong of ['rw', 'toString', 1.5] as unknown as 'r'[]) {
    await assert.rejects(open(path('a'), wrong), { code: 'ERR_OUT_OF_RANGE', message: /"flags"/ });
  }
  const signal = 'now' as unknown as AbortSignal;
  await assert.rejects(open(path('a'), 'r', { signal }), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('open() that is aborted when it is done already leaves nothing open', async () => {
  const controller = new AbortController();
  const { open: openLate } = withCalls({
    offload: (name, parameters, done) =>
      linux.offload(name, parameters, (result) => {
        controller.abort();
        done(result);
      }),
  });
  (await open(path('a'))).close();
  const before = openDescriptors();
  const opening = openLate(path('a'), 'r', { signal: controller.signal });
  await assert.rejects(opening, { code: 'ABORT_ERR' });
  assert.deepEqual(openDescriptors(), before);
});

test('open() with a signal that has aborted opens nothing', async () => {
  const signal = AbortSignal.abort('before');
  await assert.rejects(open(path('d'), 'w', { signal }), { code: 'ABORT_ERR', cause: 'before' });
  assert.throws(() => statSync(path('d')), { code: 'ENOENT' });
});
