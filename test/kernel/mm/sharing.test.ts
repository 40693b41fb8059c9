// mmap(2): who sees a store.
import assert from 'node:assert/strict';
import { ENOMEM } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, pattern, string, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { ANONYMOUS, loaded, mapThere, READ_WRITE, store } from '../../helpers/memory.js';
import { content } from '../../helpers/transfer.js';

const SHARED_MEMORY = f.MAP_SHARED | f.MAP_ANONYMOUS;

row('MMAP-19', 'a store into a shared mapping is in the file at once', async (subject) => {
  const { kernel, map, file } = subject;
  const fd = file(text('one two three'));
  const address = map(13, READ_WRITE, f.MAP_SHARED, fd);
  const other = map(13, f.PROT_READ, f.MAP_SHARED, fd);
  const child = await subject.process([fd]);
  const theirs = await mapThere(child, 13, f.PROT_READ, f.MAP_SHARED, child.inherited[0]);
  store(kernel, address + 4, text('TWO'));
  assert.equal(string(content(kernel, fd)), 'one TWO three');
  assert.equal(string(loaded(kernel, other, 13)), 'one TWO three');
  assert.equal(string(await child.peek(theirs, 13)), 'one TWO three');
});

row('MMAP-20', 'a write() to the file is in a shared mapping at once', (subject) => {
  const { kernel, map, file } = subject;
  const fd = file(text('one two'));
  const address = map(7, f.PROT_READ, f.MAP_SHARED, fd);
  succeeds(kernel.pwrite(fd, text('TWO'), 4), 3);
  assert.equal(string(loaded(kernel, address, 7)), 'one TWO');
});

row('MMAP-21', 'shared anonymous memory is one for parent and child', async (subject) => {
  const parent = await subject.process();
  const address = await mapThere(parent, 4096, READ_WRITE, SHARED_MEMORY);
  const child = await parent.fork();
  await child.poke(address, text('from the child'));
  assert.equal(string(await parent.peek(address, 14)), 'from the child');
  await parent.poke(address, text('from above'));
  assert.equal(string(await child.peek(address, 10)), 'from above');
});

row('MMAP-22', 'two processes with one file see each other’s stores', async (subject) => {
  const { kernel, map, file } = subject;
  const fd = file(new Uint8Array(4096));
  const mine = map(4096, READ_WRITE, f.MAP_SHARED, fd);
  const child = await subject.process([fd]);
  const theirs = await mapThere(child, 4096, READ_WRITE, f.MAP_SHARED, child.inherited[0]);
  store(kernel, mine, text('ping'));
  assert.equal(string(await child.peek(theirs, 4)), 'ping');
  await child.poke(theirs, text('pong'));
  assert.equal(string(loaded(kernel, mine, 4)), 'pong');
});

row('MMAP-23', 'a store into a private mapping is seen by nobody else', async (subject) => {
  const { kernel, map, file } = subject;
  const fd = file(text('original'));
  const address = map(8, READ_WRITE, f.MAP_PRIVATE, fd);
  const others = [f.MAP_PRIVATE, f.MAP_SHARED].map((flags) => map(8, f.PROT_READ, flags, fd));
  const child = await subject.process([fd]);
  const theirs = await mapThere(child, 8, f.PROT_READ, f.MAP_SHARED, child.inherited[0]);
  store(kernel, address, text('CHANGED!'));
  assert.equal(string(loaded(kernel, address, 8)), 'CHANGED!');
  for (const other of others) assert.equal(string(loaded(kernel, other, 8)), 'original');
  assert.equal(string(await child.peek(theirs, 8)), 'original');
  assert.equal(string(content(kernel, fd)), 'original');
});

row('MMAP-24', 'private anonymous memory is copied on write after fork', async (subject) => {
  const parent = await subject.process();
  const address = await mapThere(parent, 4096, READ_WRITE, ANONYMOUS);
  await parent.poke(address, text('before'));
  const child = await parent.fork();
  assert.equal(string(await child.peek(address, 6)), 'before');
  await child.poke(address, text('child!'));
  await parent.poke(address, text('parent'));
  assert.equal(string(await child.peek(address, 6)), 'child!');
  assert.equal(string(await parent.peek(address, 6)), 'parent');
});

row('MMAP-44', '/dev/zero is zeros, and each mapping its own', ({ kernel, keep, map }) => {
  const fd = keep(kernel.openat(f.AT_FDCWD, '/dev/zero', f.O_RDWR | f.O_CLOEXEC, 0));
  for (const flags of [f.MAP_SHARED, f.MAP_PRIVATE]) {
    const [left, right] = [0, 0].map(() => map(4096, READ_WRITE, flags, fd));
    store(kernel, left as number, Uint8Array.of(1));
    assert.ok(
      loaded(kernel, left as number, 4096)
        .subarray(1)
        .every((byte) => byte === 0),
    );
    assert.ok(loaded(kernel, right as number, 4096).every((byte) => byte === 0));
  }
});

row('MMAP-45', 'two shared mappings of a file are always the same', ({ kernel, map, file }) => {
  const bytes = pattern(8192);
  const fd = file(bytes);
  const [left, right] = [0, 0].map(() => map(8192, READ_WRITE, f.MAP_SHARED, fd));
  for (const [from, to] of [
    [left, right],
    [right, left],
  ] as [number, number][]) {
    store(kernel, from + 4000, pattern(200, from));
    assert.deepEqual(loaded(kernel, to, 8192), loaded(kernel, from, 8192));
  }
});

row('MMAP-46', 'mappings live on over fork, and go at exec', async (subject) => {
  const { kernel, file } = subject;
  const parent = await subject.process([file(text('kept'))]);
  const address = await mapThere(parent, 4, f.PROT_READ, f.MAP_SHARED, parent.inherited[0]);
  const child = await parent.fork();
  assert.equal(string(await child.peek(address, 4)), 'kept');
  succeeds(await parent.exec(), 0);
  failsWith(await parent.call('msync', address, kernel.page_size(), f.MS_ASYNC), ENOMEM);
  assert.equal(string(await child.peek(address, 4)), 'kept');
});

row('MMAP-48', 'stores are in the file without write(), before and after munmap', (subject) => {
  const { kernel, file } = subject;
  const fd = file(text('........'));
  const address = succeeds(kernel.mmap(0, 8, READ_WRITE, f.MAP_SHARED, fd, 0));
  store(kernel, address, text('one'));
  assert.equal(string(content(kernel, fd)), 'one.....');
  succeeds(kernel.msync(address, 8, f.MS_SYNC), 0);
  assert.equal(string(content(kernel, fd)), 'one.....');
  store(kernel, address + 4, text('two'));
  succeeds(kernel.munmap(address, 8), 0);
  assert.equal(string(content(kernel, fd)), 'one.two.');
});
