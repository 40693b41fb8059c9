/**
 * The calls that can sleep, and so can go through `offload`. This module is browser compatible.
 */
export const SLEEPING_CALLS = [
  'read',
  'write',
  'readv',
  'writev',
  'pread',
  'pwrite',
  'preadv',
  'pwritev',
  'preadv2',
  'pwritev2',
  'fcntl',
  'splice',
  'tee',
  'vmsplice',
  'accept4',
  'connect',
  'send',
  'recv',
  'sendmsg',
  'recvmsg',
  'openat',
  'openat2',
  'fallocate',
  'sendfile',
  'copy_file_range',
  'fsync',
  'fdatasync',
  'msync',
] as const;

export type SleepingCall = (typeof SLEEPING_CALLS)[number];
