/**
 * One contender of bench/map.ts in a process of its own: the work (`random`, `scan` or `small`),
 * the way to the bytes, and the file or its folder. Prints its figures as JSON.
 *
 * The file holds doubles, each the number of its place, so that every word can be told.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { map } from 'sluice';
import * as sys from 'sluice/sys';

const PAGE = 4096;
const WORD = Float64Array.BYTES_PER_ELEMENT;
const IN_PAGE = PAGE / WORD;
const READS = 100_000;
const SMALL_TIMES = 4_000;
/** Of so many the best is told: other programs only ever make it slower. */
const TRIES = 4;
/** After so many the loop turns, as it does in a program; finalizers run then. */
const TURN = 64;

const [, , work = '', way = '', path = ''] = process.argv;
const WORK: Readonly<Record<string, () => unknown>> = { random, scan, small };
console.log(JSON.stringify(await WORK[work]?.()));

/* ---- random reads ---- */

/** How each way takes a piece of the file into use. All answer a word of it, to be verified. */
interface Reader {
  /** 4 KiB are there; one word of them is looked at. */
  word(page: number, word: number): number;
  /** 4 KiB as a Buffer, whose word is looked at. */
  view(page: number, word: number): number;
  /** 4 KiB, and all of their words are added. */
  sum(page: number): number;
  /** 4 KiB in a Buffer that is the caller's own. */
  copy(page: number, word: number): number;
  /** 8 bytes. */
  eight(index: number): number;
}

/** Nanoseconds for each. */
function random(): Record<string, number> {
  const reader = way === 'read' ? reading() : mapped(way === 'populate');
  return {
    page: timed((page, word) => reader.word(page, word) === page * IN_PAGE + word),
    view: timed((page, word) => reader.view(page, word) === page * IN_PAGE + word),
    copy: timed((page, word) => reader.copy(page, word) === page * IN_PAGE + word),
    sum: timed((page) => reader.sum(page) === IN_PAGE * (page * IN_PAGE + (IN_PAGE - 1) / 2)),
    eight: timed((page, word) => {
      const index = page * IN_PAGE + word;
      return reader.eight(index) === index;
    }),
  };
}

function timed(body: (page: number, word: number) => boolean): number {
  const pass = (count: number, seed: number) => {
    let state = seed;
    let right = 0;
    for (let index = 0; index < count; index++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      // 2^18 pages of 2^9 words are the 1 GiB of the file.
      if (body(state >>> 14, (state >>> 5) & 511)) right++;
    }
    if (right !== count) throw new Error(`${count - right} of ${count} words are wrong`);
  };
  pass(READS / 5, 1);
  let best = Infinity;
  for (let tried = 0; tried < TRIES; tried++) {
    const start = seconds();
    pass(READS, 2 + tried);
    best = Math.min(best, seconds() - start);
  }
  return (best * 1e9) / READS;
}

function mapped(populate: boolean): Reader {
  const { buffer } = map(path, { populate });
  const bytes = Buffer.from(buffer);
  const words = new Float64Array(buffer);
  const own = Buffer.alloc(PAGE);
  const ownWords = new Float64Array(own.buffer, own.byteOffset, IN_PAGE);
  return {
    word: (page, word) => words[page * IN_PAGE + word] as number,
    view: (page, word) => {
      return bytes.subarray(page * PAGE, page * PAGE + PAGE).readDoubleLE(word * WORD);
    },
    sum: (page) => added(words, page * IN_PAGE, page * IN_PAGE + IN_PAGE),
    copy: (page, word) => {
      bytes.copy(own, 0, page * PAGE, page * PAGE + PAGE);
      return ownWords[word] as number;
    },
    eight: (index) => words[index] as number,
  };
}

function reading(): Reader {
  const fd = openSync(path, 'r');
  const own = Buffer.alloc(PAGE);
  const words = new Float64Array(own.buffer, own.byteOffset, IN_PAGE);
  const inPlace = (page: number, word: number) => {
    readSync(fd, own, 0, PAGE, page * PAGE);
    return words[word] as number;
  };
  return {
    word: inPlace,
    copy: inPlace,
    view: (page, word) => {
      readSync(fd, own, 0, PAGE, page * PAGE);
      return own.readDoubleLE(word * WORD);
    },
    sum: (page) => {
      readSync(fd, own, 0, PAGE, page * PAGE);
      return added(words, 0, IN_PAGE);
    },
    eight: (index) => {
      readSync(fd, own, 0, WORD, index * WORD);
      return words[0] as number;
    },
  };
}

/** In four sums, for a single one would wait for the adder rather than for memory. */
function added(words: Float64Array, from: number, to: number): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  for (let index = from; index < to; index += 4) {
    first += words[index] as number;
    second += words[index + 1] as number;
    third += words[index + 2] as number;
    fourth += words[index + 3] as number;
  }
  return first + second + (third + fourth);
}

/* ---- sequential scan ---- */

/** GiB a second: of the file from its name to the sum, of the first pass, and of one after it. */
function scan(): Record<string, number> {
  for (let warm = 0; warm < 200; warm++) added(new Float64Array(PAGE), 0, PAGE);
  const all = Array.from({ length: TRIES }, scanOnce);
  const best = (key: keyof Scan) => Math.max(...all.map((figures) => figures[key]));
  return { whole: best('whole'), first: best('first'), again: best('again') };
}

type Scan = Record<'whole' | 'first' | 'again', number>;

function scanOnce(): Scan {
  const start = seconds();
  const words = way === 'buffer' ? inBuffer() : inMapping();
  const ready = seconds();
  pass(words);
  const once = seconds();
  pass(words);
  const again = seconds();
  const gib = words.byteLength / 2 ** 30;
  return { whole: gib / (once - start), first: gib / (once - ready), again: gib / (again - once) };
}

function inMapping(): Float64Array {
  return new Float64Array(map(path, { populate: way === 'populate' }).buffer);
}

function inBuffer(): Float64Array {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  return new Float64Array(buffer, byteOffset, byteLength / WORD);
}

function pass(words: Float64Array): void {
  const { length } = words;
  if (added(words, 0, length) !== (length * (length - 1)) / 2) throw new Error('a wrong sum');
}

function seconds(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}

/* ---- small files ---- */

/** Microseconds from the name of a file to its first byte, and until it is closed. */
async function small(): Promise<Record<string, number>> {
  const sizes = [100, 4096, 65536];
  const all: [string, number][] = [];
  for (const size of sizes) {
    const body = smallBody(join(path, `${size}`), size);
    await turning(body, SMALL_TIMES);
    let best = Infinity;
    for (let tried = 0; tried < TRIES; tried++) {
      const start = seconds();
      await turning(body, SMALL_TIMES);
      best = Math.min(best, seconds() - start);
    }
    all.push([`${size}`, (best * 1e6) / SMALL_TIMES]);
  }
  return Object.fromEntries(all);
}

async function turning(body: () => number, times: number): Promise<void> {
  for (let index = 0; index < times; index++) {
    if (body() !== 'a'.charCodeAt(0)) throw new Error('a wrong byte');
    if (index % TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

function smallBody(name: string, size: number): () => number {
  if (way === 'map') return () => firstOf(name);
  if (way === 'readFile') return () => readFileSync(name)[0] as number;
  if (way === 'fd') {
    const fd = openSync(name, 'r');
    return () => firstOf(fd);
  }
  if (way === 'sys') return () => firstBySys(name, size);
  return () => {
    const fd = openSync(name, 'r');
    const bytes = Buffer.allocUnsafe(size);
    readSync(fd, bytes, 0, size, 0);
    closeSync(fd);
    return bytes[0] as number;
  };
}

function firstOf(file: string | number): number {
  const mapping = map(file);
  const first = mapping.bytes[0] as number;
  mapping.close();
  return first;
}

/** The bare calls, which nothing guards. */
function firstBySys(name: string, size: number): number {
  const fd = sys.openat(sys.AT_FDCWD, name, sys.O_RDONLY | sys.O_CLOEXEC);
  const buffer = sys.mmap(null, size, sys.PROT_READ, sys.MAP_PRIVATE, fd, 0);
  sys.close(fd);
  const first = new Uint8Array(buffer)[0] as number;
  sys.munmap(buffer);
  return first;
}
