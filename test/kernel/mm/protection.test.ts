// mmap(2), mprotect(2): what may be done with a page.
import assert from 'node:assert/strict';
import { EFAULT } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, pattern, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { ANONYMOUS, diesOf, loaded, mapThere, READ_WRITE, store } from '../../helpers/memory.js';

/** A function that returns at once, in machine code. */
const RETURN = process.arch === 'arm64' ? [0xc0, 0x03, 0x5f, 0xd6] : [0xc3];

row('MMAP-25', 'PROT_READ: a load is fine, a store is SIGSEGV', async (subject) => {
  const { kernel, map } = subject;
  const address = map(4096, f.PROT_READ, ANONYMOUS);
  assert.deepEqual([...loaded(kernel, address, 2)], [0, 0]);
  failsWith(kernel.store(address, Uint8Array.of(1)), EFAULT);
  const child = await subject.process();
  const theirs = await mapThere(child, 4096, f.PROT_READ, ANONYMOUS);
  assert.deepEqual([...(await child.peek(theirs, 1))], [0]);
  await diesOf(child, 'SIGSEGV', child.poke(theirs, Uint8Array.of(1)));
});

row('MMAP-26', 'PROT_WRITE: a store is fine, and so is a load on x86-64', async (subject) => {
  const { kernel, map } = subject;
  store(kernel, map(4096, f.PROT_WRITE, ANONYMOUS), Uint8Array.of(1));
  const child = await subject.process();
  const theirs = await mapThere(child, 4096, f.PROT_WRITE, ANONYMOUS);
  succeeds(await child.poke(theirs, Uint8Array.of(7)), 1);
  if (process.arch === 'x64') assert.deepEqual([...(await child.peek(theirs, 1))], [7]);
});

row('MMAP-27', 'PROT_EXEC: code runs; without it, it is SIGSEGV', async (subject) => {
  const child = await subject.process();
  const address = await mapThere(child, 4096, READ_WRITE, ANONYMOUS);
  await child.poke(address, Uint8Array.from(RETURN));
  succeeds(await child.call('mprotect', address, 4096, f.PROT_READ | f.PROT_EXEC), 0);
  succeeds(await child.run(address), 0);
  succeeds(await child.call('mprotect', address, 4096, f.PROT_READ), 0);
  await diesOf(child, 'SIGSEGV', child.run(address));
});

row('MMAP-28', 'PROT_NONE: any access is SIGSEGV', async (subject) => {
  const { kernel, map } = subject;
  const address = map(4096, f.PROT_NONE, ANONYMOUS);
  failsWith(kernel.load(address, new Uint8Array(1)), EFAULT);
  failsWith(kernel.store(address, new Uint8Array(1)), EFAULT);
  for (const deed of ['peek', 'poke', 'run'] as const) {
    const child = await subject.process();
    const theirs = await mapThere(child, 4096, f.PROT_NONE, ANONYMOUS);
    if (deed === 'peek') await diesOf(child, 'SIGSEGV', child.peek(theirs, 1));
    if (deed === 'poke') await diesOf(child, 'SIGSEGV', child.poke(theirs, Uint8Array.of(1)));
    if (deed === 'run') await diesOf(child, 'SIGSEGV', child.run(theirs));
  }
});

row('MMAP-29', 'the permissions of the mapping are the bits that were asked', (subject) => {
  const { map, area, file } = subject;
  for (const sharing of [f.MAP_SHARED, f.MAP_PRIVATE]) {
    for (let protection = 0; protection < 8; protection++) {
      const address = map(4096, protection, sharing, file(pattern(1)));
      const read = protection & f.PROT_READ ? 'r' : '-';
      const write = protection & f.PROT_WRITE ? 'w' : '-';
      const execute = protection & f.PROT_EXEC ? 'x' : '-';
      const shared = sharing === f.MAP_SHARED ? 's' : 'p';
      assert.equal(area(address).permissions, read + write + execute + shared);
    }
  }
});

row('MMAP-30', 'a call with such memory as its buffer is EFAULT, no signal', (subject) => {
  const { kernel, map, pipe } = subject;
  const [reader, writer] = pipe();
  const none = new BigUint64Array([BigInt(map(4096, f.PROT_NONE, ANONYMOUS)), 1n]);
  const readOnly = new BigUint64Array([BigInt(map(4096, f.PROT_READ, ANONYMOUS)), 1n]);
  const unmapped = new BigUint64Array([8n, 1n]);
  for (const memory of [none, unmapped]) failsWith(kernel.write(writer, memory), EFAULT);
  succeeds(kernel.write(writer, text('x')), 1);
  for (const memory of [none, unmapped, readOnly]) failsWith(kernel.read(reader, memory), EFAULT);
  succeeds(kernel.read(reader, new Uint8Array(1)), 1);
  succeeds(kernel.write(writer, readOnly), 1);
});

row('MMAP-49', 'mprotect: access follows, and what was stored stays', ({ kernel, map, area }) => {
  const page = kernel.page_size();
  const address = map(page, f.PROT_NONE, f.MAP_SHARED | f.MAP_ANONYMOUS);
  const bytes = pattern(page);
  failsWith(kernel.load(address, new Uint8Array(1)), EFAULT);
  succeeds(kernel.mprotect(address, page, READ_WRITE), 0);
  store(kernel, address, bytes);
  succeeds(kernel.mprotect(address, page, f.PROT_NONE), 0);
  failsWith(kernel.load(address, new Uint8Array(1)), EFAULT);
  assert.equal(area(address).permissions, '---s');
  succeeds(kernel.mprotect(address, page, f.PROT_READ), 0);
  assert.deepEqual(loaded(kernel, address, page), bytes);
});
