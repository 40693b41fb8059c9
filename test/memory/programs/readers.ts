/** The ways in which a program reaches the bytes of a mapping. */
import { Buffer } from 'node:buffer';
import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { Fd } from '../../../src/index.js';
import { linuxRuntime } from '../../../src/node/runtime.js';
import * as sys from '../../../src/sys.js';

/** Reads all of the bytes, or stores to all. It may throw what `LOST` names and nothing else. */
export type Reader = (bytes: Uint8Array) => unknown;

/** How a call says that bytes were lost. */
export const LOST: readonly string[] = ['EFAULT', 'ERR_SLUICE_MAPPING_LOST'];

const buffer = (bytes: Uint8Array) =>
  Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);

function sum(bytes: Uint8Array): number {
  let total = 0;
  for (let index = 0; index < bytes.length; index++) total += bytes[index] as number;
  return total;
}

/** A function that has never run, so the interpreter runs it. */
function cold(bytes: Uint8Array): unknown {
  const body = 'let total = 0; for (let i = 0; i < bytes.length; i += 64) total += bytes[i];';
  return new Function('bytes', body)(bytes);
}

let warm = false;

/** By now the compiler has optimised it. */
function optimised(bytes: Uint8Array): number {
  const ordinary = new Uint8Array(1 << 16);
  for (let round = 0; !warm && round < 200; round++) sum(ordinary);
  warm = true;
  return sum(bytes);
}

function words(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let total = 0;
  for (let at = 0; at + 8 <= view.byteLength; at += 8) total += view.getFloat64(at);
  return total;
}

function atomics(bytes: Uint8Array): number {
  const view = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  let total = 0;
  for (let index = 0; index < view.length; index += 16) total += Atomics.load(view, index);
  return total;
}

/** A file in memory that takes what is written. */
const sink = sys.memfd_create('sluice-sink', sys.MFD_CLOEXEC);
const owned = new Fd(linuxRuntime, sys.dup(sink));

async function all(bytes: Uint8Array, write: (rest: Uint8Array) => Promise<number>) {
  for (let at = 0; at < bytes.length; ) at += await write(bytes.subarray(at));
}

const fsWrite = (bytes: Uint8Array): Promise<number> =>
  promisify(fs.write)(sink, bytes, 0, bytes.length, 0).then(({ bytesWritten }) => bytesWritten);

const gzip = promisify<Uint8Array, Buffer>(zlib.gzip);
const brotli = promisify((bytes: Uint8Array, done: (error: Error | null) => void) =>
  zlib.brotliCompress(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 0 } }, done),
);
const pbkdf2 = promisify(crypto.pbkdf2);
const scrypt = promisify<Uint8Array, string, number, object, Buffer>(crypto.scrypt);
const cheap = { N: 2, r: 1, p: 1 };

export const readers: Readonly<Record<string, Reader>> = {
  'plain loop': cold,
  'optimised loop': optimised,
  DataView: words,
  Atomics: atomics,
  'store loop': (bytes) => {
    for (let index = 0; index < bytes.length; index += 512) bytes[index] = 1;
  },
  'TypedArray.fill': (bytes) => bytes.fill(1),
  'TypedArray.slice': (bytes) => bytes.slice(),
  'TypedArray.set': (bytes) => bytes.set(new Uint8Array(bytes.length)),
  'TypedArray.indexOf': (bytes) => bytes.indexOf(255),
  'Buffer.toString utf8': (bytes) => buffer(bytes).toString(),
  'Buffer.toString latin1': (bytes) => buffer(bytes).toString('latin1'),
  'Buffer.toString hex': (bytes) => buffer(bytes).toString('hex'),
  'Buffer.toString base64': (bytes) => buffer(bytes).toString('base64'),
  'Buffer.indexOf': (bytes) => buffer(bytes).indexOf('nowhere to be found'),
  'Buffer.compare': (bytes) => buffer(bytes).compare(buffer(bytes)),
  'Buffer.equals': (bytes) => buffer(bytes).equals(Buffer.from(bytes)),
  'Buffer.copy': (bytes) => buffer(bytes).copy(Buffer.alloc(bytes.length)),
  'Buffer.copy into it': (bytes) => Buffer.alloc(bytes.length).copy(bytes),
  'Buffer.write': (bytes) => buffer(bytes).write('x'.repeat(bytes.length), 'latin1'),
  TextDecoder: (bytes) => new TextDecoder().decode(bytes),
  structuredClone: (bytes) => structuredClone(buffer(bytes).toString('latin1')),
  createHash: (bytes) => crypto.createHash('sha256').update(bytes).digest(),
  createHmac: (bytes) => crypto.createHmac('sha256', bytes).update(bytes).digest(),
  'crypto.subtle.digest': (bytes) =>
    crypto.webcrypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>),
  'crypto.pbkdf2': (bytes) => pbkdf2(bytes, bytes, 1, 32, 'sha256'),
  'crypto.scrypt': (bytes) => scrypt(bytes, 'salt', 32, cheap),
  'crypto.randomFill': (bytes) => promisify(crypto.randomFill)(bytes),
  'zlib.gzip': (bytes) => gzip(bytes),
  'zlib.gzipSync': (bytes) => zlib.gzipSync(bytes, { level: 1 }),
  'zlib.brotliCompress': (bytes) => brotli(bytes),
  'fs.write': (bytes) => all(bytes, fsWrite),
  'fs.writeSync': (bytes) =>
    all(bytes, async (rest) => fs.writeSync(sink, rest, 0, rest.length, 0)),
  'fs.read into it': (bytes) => promisify(fs.read)(sink, bytes, 0, bytes.length, 0),
  'Fd.write': (bytes) => all(bytes, (rest) => owned.write(rest)),
};

/**
 * Not raced: V8 sorts unshared memory in place, and its algorithm leaves the array where elements
 * change meanwhile.
 */
export const stillReaders: Readonly<Record<string, Reader>> = {
  'TypedArray.sort': (bytes) => bytes.sort(),
};

/** Answers whether the call itself said that bytes were lost. Other errors are errors. */
export async function said(reader: Reader, bytes: Uint8Array): Promise<boolean> {
  try {
    await reader(bytes);
    return false;
  } catch (error) {
    if (LOST.includes((error as { code?: string }).code ?? '')) return true;
    throw error;
  }
}
