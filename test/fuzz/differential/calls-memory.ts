/** The calls of mappings, and calls whose memory is in one. A mapping goes as a whole only. */
import type { Spec } from './calls.js';
import { addressFor, memory, pages, whole } from './mappings.js';
import * as p from './parameters.js';

const { fd, oneOf } = p;
const PAGE = 4096;
const lengths = oneOf(PAGE, 2 * PAGE, 5000, 4 * PAGE, 1);
const protection = oneOf('PROT_READ | PROT_WRITE', 'PROT_READ', 'PROT_NONE');
const anonymous = oneOf('MAP_PRIVATE | MAP_ANONYMOUS', 'MAP_SHARED | MAP_ANONYMOUS');
const inFile = oneOf(0, PAGE, 2 * PAGE);
const file = fd('file', 'memory');
const source = fd('reader', 'file', 'memory', 'counter');
const target = fd('writer', 'file', 'memory', 'counter');
const BYTES = 100;
const some = (parameter: p.Parameter) => ({ ...parameter, pick: () => BYTES });

export const MEMORY_CALLS: Readonly<Record<string, Spec>> = {
  mmap: {
    parameters: [oneOf(0), lengths, protection, oneOf('MAP_SHARED', 'MAP_PRIVATE'), file, inFile],
    weight: 4,
    makes: () => ['mapping'],
    maps: true,
  },
  'mmap MAP_ANONYMOUS': {
    parameters: [oneOf(0), lengths, protection, anonymous, oneOf(-1), oneOf(0)],
    weight: 2,
    makes: () => ['mapping'],
    maps: true,
  },
  munmap: { parameters: [whole], weight: 2, unmaps: true },
  mprotect: { parameters: [pages, protection], weight: 2 },
  msync: { parameters: [pages, oneOf('MS_SYNC', 'MS_ASYNC', 'MS_INVALIDATE', 5)], weight: 1 },
  madvise: { parameters: [pages, oneOf('MADV_DONTNEED', 'MADV_NORMAL', 'MADV_REMOVE')], weight: 2 },
  load: { parameters: [addressFor(BYTES), some(p.room)], weight: 4 },
  store: {
    parameters: [addressFor(BYTES), { ...p.data, pick: ({ random }) => [random.below(9), BYTES] }],
    weight: 8,
  },
  'read mapping': { parameters: [source, memory], weight: 4 },
  'write mapping': { parameters: [target, memory], weight: 4 },
  'vmsplice mapping': {
    parameters: [fd('writer'), { ...memory, make: vectorOf }, oneOf('SPLICE_F_NONBLOCK')],
    weight: 4,
  },
};

/** A vector of one piece. */
function vectorOf(...parameters: Parameters<p.Parameter['make']>): unknown {
  return [memory.make(...parameters)];
}
