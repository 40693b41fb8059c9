/** The families that are to come: each call is −ENOSYS. Browser compatible. */
import type { MmCalls } from '../kernel.js';
import { type Rows, unbuilt } from './row.js';

export const mmRows: Rows<MmCalls> = {
  mmap: unbuilt,
  munmap: unbuilt,
  msync: unbuilt,
  mprotect: unbuilt,
  mremap: unbuilt,
  madvise: unbuilt,
  page_size: unbuilt,
  load: unbuilt,
  store: unbuilt,
};
