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
  SCM: 36,
} as const;

/** Those of them that the introductory notes state: no kernel may leave them out lightly. */
const NOTED: Readonly<Record<string, readonly number[]>> = {
  PIPE: [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 15, 16, 17, 18, 21, 22, 23, 24, 50],
  SIGP: [1, 2, 3],
  SPAIR: [1, 2, 3, 4],
  DUP: [1, 2, 3, 4, 6, 7, 12],
  IOV: [1, 2, 3, 4],
  SEND: [1, 2, 3, 4, 5, 17, 23, 24],
  SPL: [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 13, 14, 15, 17, 18, 19, 20, 21, 22, 23, 24, 27, 28, 40, 44],
  TEE: [1, 2, 3, 4, 5, 6, 12, 16],
  MMAP: [
    1, 2, 3, 4, 5, 6, 8, 12, 19, 20, 21, 22, 23, 25, 26, 27, 28, 29, 31, 32, 35, 47, 48, 50, 51, 53,
  ],
  MUN: [1, 2, 7],
  MSY: [1, 2, 3, 4, 11],
  FDUP: [1, 2, 3, 5],
  FFD: [1, 2],
  FFL: [1, 2, 3, 5, 6, 7, 14, 16, 17],
  FPSZ: [1, 2, 3],
  FOWN: [1, 2, 3, 7, 8],
  SIGIO: [1, 2, 3, 4, 8, 9, 13, 14, 15, 17, 18],
};

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

/** The rows about what the library adds, which no kernel has, and where they are tested. */
export const ABOVE_THE_SEAM: Readonly<Record<string, string>> = {
  'MUN-09': 'test/sys/mm/lifetime.test.ts',
};

/** 'PIPE-01' … */
export function rowIds(): string[] {
  return Object.entries(ROWS).flatMap(([group, count]) =>
    Array.from({ length: count }, (_, index) => idOf(group, index + 1)),
  );
}

/** Whether the introductory notes state the row. */
export function isNoted(id: string): boolean {
  return Object.entries(NOTED).some(([group, numbers]) =>
    numbers.some((number) => idOf(group, number) === id),
  );
}

function idOf(group: string, number: number): string {
  return `${group}-${String(number).padStart(2, '0')}`;
}
