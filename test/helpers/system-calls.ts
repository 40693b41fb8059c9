/**
 * The system calls that the helper process can make: their numbers, and what each register holds.
 */
export type Kind = 'int' | 'memory' | 'vector' | 'fds' | 'offset*' | 'path' | 'ints' | 'limit';

export interface Layout {
  readonly x64: number;
  readonly arm64: number;
  readonly kinds: readonly Kind[];
  /** The places of the registers, where they are not those of the parameters. */
  readonly order?: readonly number[];
  readonly fills?: boolean;
}

const MEMORY_CALL: readonly Kind[] = ['int', 'memory'];
const VECTOR_CALL: readonly Kind[] = ['int', 'vector'];

export const LAYOUTS = {
  read: { x64: 0, arm64: 63, kinds: MEMORY_CALL, fills: true },
  write: { x64: 1, arm64: 64, kinds: MEMORY_CALL },
  readv: { x64: 19, arm64: 65, kinds: VECTOR_CALL, fills: true },
  writev: { x64: 20, arm64: 66, kinds: VECTOR_CALL },
  preadv: { x64: 295, arm64: 69, kinds: ['int', 'vector', 'int'], fills: true },
  pwritev: { x64: 296, arm64: 70, kinds: ['int', 'vector', 'int'] },
  close: { x64: 3, arm64: 57, kinds: ['int'] },
  dup: { x64: 32, arm64: 23, kinds: ['int'] },
  dup3: { x64: 292, arm64: 24, kinds: ['int', 'int', 'int'] },
  fcntl: { x64: 72, arm64: 25, kinds: ['int', 'int', 'ints'] },
  ioctl: { x64: 16, arm64: 29, kinds: ['int', 'int', 'ints'] },
  pipe2: { x64: 293, arm64: 59, kinds: ['int', 'ints'], order: [1, 0] },
  splice: { x64: 275, arm64: 76, kinds: ['int', 'offset*', 'int', 'offset*', 'int', 'int'] },
  tee: { x64: 276, arm64: 77, kinds: ['int', 'int', 'int', 'int'] },
  vmsplice: { x64: 278, arm64: 75, kinds: ['int', 'vector', 'int'] },
  socketpair: { x64: 53, arm64: 199, kinds: ['int', 'int', 'int', 'ints'] },
  send: { x64: 44, arm64: 206, kinds: ['int', 'memory', 'int'] },
  recv: { x64: 45, arm64: 207, kinds: ['int', 'memory', 'int'], fills: true },
  sendmsg: { x64: 46, arm64: 211, kinds: ['int', 'vector', 'fds', 'int'] },
  recvmsg: { x64: 47, arm64: 212, kinds: ['int', 'vector', 'fds', 'int', 'ints'], fills: true },
  shutdown: { x64: 48, arm64: 210, kinds: ['int', 'int'] },
  mknodat: { x64: 259, arm64: 33, kinds: ['int', 'path', 'int', 'int'] },
  openat: { x64: 257, arm64: 56, kinds: ['int', 'path', 'int', 'int'] },
  ftruncate: { x64: 77, arm64: 46, kinds: ['int', 'int'] },
  lseek: { x64: 8, arm64: 62, kinds: ['int', 'int', 'int'] },
  sendfile: { x64: 40, arm64: 71, kinds: ['int', 'int', 'offset*', 'int'] },
  copy_file_range: {
    x64: 326,
    arm64: 285,
    kinds: ['int', 'offset*', 'int', 'offset*', 'int', 'int'],
  },
  mmap: { x64: 9, arm64: 222, kinds: ['int', 'int', 'int', 'int', 'int', 'int'] },
  mremap: { x64: 25, arm64: 216, kinds: ['int', 'int', 'int', 'int', 'int'] },
  madvise: { x64: 28, arm64: 233, kinds: ['int', 'int', 'int'] },
  munmap: { x64: 11, arm64: 215, kinds: ['int', 'int'] },
  mprotect: { x64: 10, arm64: 226, kinds: ['int', 'int', 'int'] },
  msync: { x64: 26, arm64: 227, kinds: ['int', 'int', 'int'] },
  prlimit: { x64: 302, arm64: 261, kinds: ['int', 'int', 'limit', 'limit'] },
  setresuid: { x64: 117, arm64: 147, kinds: ['int', 'int', 'int'] },
  setresgid: { x64: 119, arm64: 149, kinds: ['int', 'int', 'int'] },
  setpgid: { x64: 109, arm64: 154, kinds: ['int', 'int'] },
  setsid: { x64: 112, arm64: 157, kinds: [] },
  getpid: { x64: 39, arm64: 172, kinds: [] },
  kill: { x64: 62, arm64: 129, kinds: ['int', 'int'] },
  accept4: { x64: 288, arm64: 242, kinds: ['int', 'int', 'int', 'int'] },
} satisfies Record<string, Layout>;

export type CallName = keyof typeof LAYOUTS;

export function systemCallNumber(name: CallName): number {
  return LAYOUTS[name][process.arch === 'arm64' ? 'arm64' : 'x64'];
}
