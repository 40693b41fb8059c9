/**
 * Mappings that are closed while Node has them in use on another thread. Afterwards other files are
 * mapped, which would take addresses that are free: not one of their bytes may come out of the old
 * use, and none of its bytes may get into them. Its parameters: which use, how often.
 */
import assert from 'node:assert/strict';
import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { type Mapping, map } from '../../../src/index.js';
import * as sys from '../../../src/sys.js';
import { PAGE } from './content.js';

const [use, times] = [process.argv[2] as string, Number(process.argv[3])];
const LENGTH = 16 * PAGE;
const [OLD, FOREIGN, INCOMING] = [1, 2, 3];
const UNHARMED = Buffer.alloc(LENGTH, FOREIGN);

function file(value: number): number {
  const fd = sys.memfd_create('sluice-overtaken', sys.MFD_CLOEXEC);
  sys.write(fd, new Uint8Array(LENGTH).fill(value));
  return fd;
}

const [old, foreign] = [file(OLD), file(FOREIGN)];

/** Takes addresses that are free by now. */
function others(): Mapping[] {
  return Array.from({ length: 3 }, () => map(foreign, { access: 'write' }));
}

function unharmed(mappings: readonly Mapping[]): void {
  for (const mapping of mappings) {
    assert.ok(UNHARMED.equals(mapping.bytes), 'foreign bytes were changed');
    mapping.close();
  }
}

/** What comes out is the old bytes, and zeros from the close on. */
async function write(): Promise<void> {
  const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
  sys.fcntl(writer, sys.F_SETPIPE_SZ, PAGE);
  const mapping = map(old);
  const writing = promisify(fs.write)(writer, mapping.bytes);
  const out = Buffer.alloc(LENGTH);
  let count = fs.readSync(reader, out, 0, 100, null);
  mapping.close();
  const taken = others();
  const reading = promisify(fs.read);
  while (count < LENGTH)
    count += (await reading(reader, out, count, LENGTH - count, null)).bytesRead;
  assert.equal((await writing).bytesWritten, LENGTH);
  const zeros = out.indexOf(0);
  assert.ok(zeros > 0);
  assert.ok(Buffer.alloc(LENGTH, OLD).fill(0, zeros).equals(out), 'foreign bytes came');
  unharmed(taken);
  sys.close(reader);
  sys.close(writer);
}

/** What goes in is nowhere. */
async function read(): Promise<void> {
  const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
  const mapping = map(old, { access: 'private' });
  const reading = promisify(fs.read)(reader, mapping.bytes, 0, LENGTH, null);
  mapping.close();
  const taken = others();
  fs.writeSync(writer, new Uint8Array(1000).fill(INCOMING));
  assert.equal((await reading).bytesRead, 1000);
  unharmed(taken);
  sys.close(reader);
  sys.close(writer);
}

const digest = (bytes: Uint8Array) =>
  crypto.webcrypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>).then(Buffer.from);
const pbkdf2 = promisify(crypto.pbkdf2);
const scrypt = promisify<Uint8Array, Uint8Array, number, object, Buffer>(crypto.scrypt);
const jobs: readonly ((bytes: Uint8Array) => Promise<Buffer | Uint8Array>)[] = [
  digest,
  (bytes) => pbkdf2(bytes, bytes, 2, 32, 'sha256'),
  (bytes) => scrypt(bytes, bytes, 32, { N: 2, r: 1, p: 1 }),
  (bytes) => promisify(crypto.hkdf)('sha256', bytes, bytes, '', 32).then(Buffer.from),
];
const secret = new Uint8Array(LENGTH).fill(OLD);
const expected = await Promise.all(jobs.map((job) => job(secret)));

/** Keys, salts and messages are copies, and what is filled is nobody's. */
async function crypt(): Promise<void> {
  const mapping = map(old);
  const results = jobs.map((job) => job(mapping.bytes));
  const filled = map(old, { access: 'private' });
  const filling = promisify(crypto.randomFill)(filled.bytes);
  mapping.close();
  filled.close();
  const taken = others();
  assert.deepEqual(await Promise.all(results), expected);
  await filling;
  unharmed(taken);
}

/** As `write`, but the pages are unmapped while Node has them: what that does. */
async function unmapped(): Promise<void> {
  const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
  sys.fcntl(writer, sys.F_SETPIPE_SZ, PAGE);
  const buffer = sys.mmap(null, LENGTH, sys.PROT_READ, sys.MAP_SHARED, old, 0);
  const writing = promisify(fs.write)(writer, new Uint8Array(buffer));
  const out = Buffer.alloc(LENGTH);
  fs.readSync(reader, out, 0, 100, null);
  sys.munmap(buffer);
  const taken = others();
  void writing.finally(() => sys.close(writer));
  let seen = false;
  while ((await promisify(fs.read)(reader, out, 0, LENGTH, null)).bytesRead > 0) {
    seen ||= out.includes(FOREIGN);
  }
  const { bytesWritten } = await writing;
  assert.ok(seen || bytesWritten < LENGTH, 'the control cannot fail');
  unharmed(taken);
  sys.close(reader);
}

const uses: Readonly<Record<string, () => Promise<void>>> = { write, read, crypt, unmapped };
for (let count = 0; count < times; count++) await uses[use]?.();
console.log(`${times} mappings closed during ${use}, 0 deaths, 0 foreign bytes`);
