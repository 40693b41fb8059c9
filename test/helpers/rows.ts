/**
 * The conformance rows of the project: how many each group of the specification has, numbered from
 * 01. A test name carries the ids it proves.
 */
export const ROWS = {
  PIPE: 51,
  SIGP: 10,
  SPAIR: 23,
  DUP: 19,
  IOV: 25,
  PIOV: 14,
  SEND: 34,
  SPL: 44,
  TEE: 16,
  VMS: 9,
  MMAP: 53,
  MUN: 9,
  MSY: 11,
  FDUP: 7,
  FFD: 5,
  FFL: 17,
  FPSZ: 11,
  FOWN: 10,
  SIGIO: 18,
} as const;

/** The rows that have no test, and why. */
export const UNTESTED: Readonly<Record<string, string>> = {
  'SEND-05': 'that no byte is copied through this process is not seen from inside it',
  'SEND-33': 'Linux would have to be out of memory',
  'SEND-34': 'the disk would have to fail',
  'PIPE-22': 'it compares a pipe with TCP: no call has that as its result',
  'PIPE-36': 'the limit is the whole system’s, and root is exempt from it',
  'SPL-15': 'Linux would have to be out of memory',
  'MMAP-47': 'it compares what mmap and read cost: no call has that as its result',
};

/** 'PIPE-01' … */
export function rowIds(): string[] {
  return Object.entries(ROWS).flatMap(([group, count]) =>
    Array.from({ length: count }, (_, index) => `${group}-${String(index + 1).padStart(2, '0')}`),
  );
}
