/** The calls of memory. This module is browser compatible. */
import { EFAULT } from '../../errno.js';
import type { MmCalls } from '../../kernel.js';
import type { Call } from '../call.js';
import { bytes, fd, int, offset, size } from '../decode.js';
import { PAGE_SIZE } from '../page.js';
import { type Rows, row } from '../row.js';
import { madvise } from './advise.js';
import { mmap } from './map.js';
import { mprotect, msync, munmap } from './protect.js';
import { address } from './range.js';
import { mremap } from './remap.js';

export const mmRows: Rows<MmCalls> = {
  mmap: row([address, size, int, int, fd, offset], mmap),
  munmap: row([address, size], munmap),
  msync: row([address, size, int], msync),
  mprotect: row([address, size, int], mprotect),
  mremap: row([address, size, size, int, address], mremap),
  madvise: row([address, size, int], madvise),
  page_size: row([], () => PAGE_SIZE),
  load: row([address, bytes], load),
  store: row([address, bytes], store),
};

function load({ caller, tally }: Call, address: number, target: Uint8Array): number {
  const moved = caller.space.peek(address, target);
  tally.bytesCopied += moved;
  return moved === 0 && target.length > 0 ? -EFAULT : moved;
}

function store({ caller, tally }: Call, address: number, source: Uint8Array): number {
  const moved = caller.space.store(address, source, 0, source.length);
  tally.bytesCopied += moved;
  return moved === 0 && source.length > 0 ? -EFAULT : moved;
}
