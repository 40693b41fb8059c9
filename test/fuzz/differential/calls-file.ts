/** The calls of files, of memory files and of event counters. */
import type { Spec } from './calls.js';
import * as p from './parameters.js';
import type { Name } from './step.js';

const { fd, oneOf } = p;
const file = fd('file', 'memory');
const access = ['O_RDWR', 'O_RDONLY', 'O_WRONLY'];
const how = [
  'O_CREAT',
  'O_CREAT | O_TRUNC',
  'O_CREAT | O_APPEND',
  'O_CREAT | O_EXCL',
  'O_DIRECTORY',
];
const openFlags = oneOf(
  ...access.flatMap((one) => how.map((other) => `${one} | ${other} | O_NONBLOCK`)),
  ...how.map((other) => `O_RDWR | ${other} | O_NONBLOCK`),
  'O_PATH | O_NONBLOCK',
);
const whence = oneOf('SEEK_SET', 'SEEK_CUR', 'SEEK_END', 'SEEK_DATA', 'SEEK_HOLE', 9);
const keep = 'FALLOC_FL_KEEP_SIZE';
const mode = oneOf(
  0,
  keep,
  `${keep} | FALLOC_FL_PUNCH_HOLE`,
  'FALLOC_FL_PUNCH_HOLE',
  'FALLOC_FL_ZERO_RANGE',
);
const seals = oneOf(
  'F_SEAL_SHRINK',
  'F_SEAL_GROW',
  'F_SEAL_WRITE',
  'F_SEAL_FUTURE_WRITE',
  'F_SEAL_SEAL',
  0,
  64,
);
const lock = p.wordsOf(
  [oneOf('F_RDLCK', 'F_WRLCK', 'F_UNLCK'), oneOf(0, 1, 2), oneOf(0, 10, 4096), oneOf(0, 1, 100)],
  (numbers) => BigInt64Array.from([...numbers, 0], BigInt),
  (shown) => `new BigInt64Array([${[...shown, 0].map((one) => `BigInt(${one})`).join(', ')}])`,
);
const one = p.words(() => new BigInt64Array(1), 'new BigInt64Array(1)');

export const FILE_CALLS: Readonly<Record<string, Spec>> = {
  openat: {
    parameters: [oneOf('AT_FDCWD'), p.path, openFlags, oneOf(0o600)],
    weight: 3,
    makes: () => ['file'],
  },
  memfd_create: {
    parameters: [
      { ...p.path, make: () => 'fuzz', show: () => "'fuzz'" },
      oneOf(0, 'MFD_ALLOW_SEALING'),
    ],
    weight: 2,
    makes: () => ['memory'],
  },
  eventfd: {
    parameters: [oneOf(0, 1, 5), oneOf('EFD_NONBLOCK', 'EFD_NONBLOCK | EFD_SEMAPHORE')],
    weight: 1,
    makes: () => ['counter'],
  },
  pread: { parameters: [file, p.room, p.position], weight: 3 },
  pwrite: { parameters: [file, p.data, p.position], weight: 4 },
  preadv: { parameters: [file, p.vector(p.room), p.position], weight: 1 },
  pwritev: { parameters: [file, p.vector(p.data), p.position], weight: 1 },
  lseek: { parameters: [file, p.position, whence, one], weight: 5 },
  ftruncate: { parameters: [file, p.position], weight: 3 },
  fallocate: { parameters: [file, mode, p.position, p.length], weight: 3 },
  sendfile: {
    parameters: [fd('writer', 'file', 'memory', 'stream', 'packets'), file, p.pointer, p.length],
    weight: 5,
    sends: ([to, , , length]) => [to as Name, Number(length)],
  },
  copy_file_range: {
    parameters: [file, p.pointer, file, p.pointer, p.length, oneOf(0, 1)],
    weight: 4,
  },
  posix_fadvise: { parameters: [file, p.position, p.length, oneOf(0, 4, 6)], weight: 1 },
  readahead: { parameters: [file, p.position, p.length], weight: 1 },
  fsync: { parameters: [file], weight: 1 },
  'fcntl F_ADD_SEALS': { parameters: [fd('memory'), oneOf('F_ADD_SEALS'), seals], weight: 1 },
  'fcntl F_OFD_SETLK': {
    parameters: [file, oneOf('F_OFD_SETLK', 'F_OFD_GETLK'), lock],
    weight: 2,
  },
};
