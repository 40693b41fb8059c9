import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Access, map, mirror, reserve } from '../../src/index.js';
import * as sys from '../../src/sys.js';
import { Random } from '../fuzz/arguments/random.js';
import { CONTENT, PAGE } from './programs/content.js';

const STORES = 100_000;
/** SLUICE_SEED repeats a run, or makes another. */
const SEED = Number(process.env.SLUICE_SEED ?? 1);

function file(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-stores-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'file'), CONTENT);
  return join(folder, 'file');
}

const hash = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

test(`M7: ${STORES} random stores into mappings to read from (seed ${SEED})`, (t) => {
  const path = file(t);
  const before = hash(path);
  const random = new Random(SEED);
  const fd = sys.openat(sys.AT_FDCWD, path, sys.O_RDONLY | sys.O_CLOEXEC);
  using space = reserve(2 * CONTENT.length);
  const mappings = [
    ...(['read', 'private'] as const).map((access: Access) => map(fd, { access })),
    map(path, { offset: 100 }),
    mirror(fd, { access: 'read' }),
    space.map(path, 0),
  ];
  for (let count = 0; count < STORES; count++) {
    const { bytes } = random.pick(mappings);
    const at = random.below(bytes.length - 8);
    const words = new DataView(bytes.buffer, bytes.byteOffset);
    if (random.chance(0.5)) bytes[at] = random.below(256);
    else words.setFloat64(at, random.next());
  }
  for (const mapping of mappings) {
    assert.equal(mapping.damaged, false);
    mapping.close();
  }
  assert.equal(hash(path), before);
  sys.close(fd);
});

test('M7: pages without a store show what others write later, a stored page does not', (t) => {
  const path = file(t);
  using mapping = map(path);
  mapping.bytes[0] = 200;
  writeFileSync(path, new Uint8Array(CONTENT.length).fill(9), { flag: 'r+' });
  assert.deepEqual([mapping.bytes[0], mapping.bytes[1], mapping.bytes[PAGE]], [200, 2, 9]);
});

test('M7: stores of Node’s own, into a mapping to read from', (t) => {
  const path = file(t);
  const before = hash(path);
  using mapping = map(path);
  const buffer = Buffer.from(mapping.buffer);
  buffer.write('text', 5);
  buffer.fill(7, 2 * PAGE, 3 * PAGE);
  const source = sys.openat(sys.AT_FDCWD, path, sys.O_RDONLY | sys.O_CLOEXEC);
  assert.equal(sys.read(source, mapping.bytes.subarray(PAGE)), CONTENT.length - PAGE);
  sys.close(source);
  assert.equal(mapping.bytes[PAGE], CONTENT[0]);
  assert.equal(hash(path), before);
});

const advices = ['dontneed', 'free', 'remove', 'hwpoison', 'soft_offline', 'wipeonfork'];
const more = ['keeponfork', 'mergeable', 'unmergeable', 'collapse', 'populate_write', ''];

test('M13: advice that would lose bytes is refused by name, and nothing is lost', (t) => {
  const path = file(t);
  using mapping = map(path, { access: 'private' });
  mapping.bytes[0] = 200;
  for (const word of [...advices, ...more, 'DONTNEED', 'constructor', 4, null]) {
    const code = /^ERR_(OUT_OF_RANGE|INVALID_ARG_TYPE)$/;
    const refused = { code, message: /advice/ };
    assert.throws(() => mapping.advise(word as never), refused);
    assert.throws(() => mapping.advise(['random', word as never]), {
      code,
      message: /advice\[1\]/,
    });
    assert.throws(() => map(path, { advice: word as never }), refused);
  }
  assert.equal(mapping.bytes[0], 200);
});

test('M13: every advice that is taken keeps what was stored', (t) => {
  const path = file(t);
  for (const access of ['read', 'write', 'private'] as const) {
    using mapping = map(path, { access });
    mapping.bytes[PAGE] = 200;
    for (const word of [
      'normal',
      'random',
      'sequential',
      'willneed',
      'dontfork',
      'dofork',
      'dontdump',
      'dodump',
      'cold',
      'pageout',
    ] as const) {
      mapping.advise(word);
      assert.equal(mapping.bytes[PAGE], 200);
    }
    assert.equal(mapping.damaged, false);
  }
});
