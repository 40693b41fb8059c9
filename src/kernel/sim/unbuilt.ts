/** The families that are to come: each call is −ENOSYS. Browser compatible. */
import type { EventCalls, FileCalls, MmCalls } from '../kernel.js';
import { type Rows, unbuilt } from './row.js';

export const fileRows: Rows<FileCalls> = {
  openat: unbuilt,
  openat2: unbuilt,
  fstat: unbuilt,
  lseek: unbuilt,
  ftruncate: unbuilt,
  fallocate: unbuilt,
  sendfile: unbuilt,
  copy_file_range: unbuilt,
  memfd_create: unbuilt,
  posix_fadvise: unbuilt,
  readahead: unbuilt,
  fsync: unbuilt,
  fdatasync: unbuilt,
  statfs: unbuilt,
  fstatfs: unbuilt,
  eventfd: unbuilt,
  prlimit: unbuilt,
};

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

export const eventRows: Rows<EventCalls> = {
  epoll_create1: unbuilt,
  epoll_ctl: unbuilt,
  epoll_wait: unbuilt,
  poll: unbuilt,
};
