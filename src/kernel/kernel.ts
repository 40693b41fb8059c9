/**
 * The seam: every system call of sluice as one interface. Read this page first.
 *
 * Two things implement it: the addon (`linux.ts`), which asks the running kernel, and decorators
 * over any kernel (`trace.ts`, `fault.ts`). Everything above this line is TypeScript that cannot
 * tell which one it has.
 *
 * The contract, for every call:
 *
 * - **It answers n ≥ 0 or −errno, and never throws**, whatever it is given. Would-block,
 *   interrupted and short are ordinary answers. `error.ts` has the one function that makes an
 *   `Error` of a number.
 * - **It is exact**: no retry, no default, no flag added. What it does is what the manual page
 *   says.
 * - A result that is more than one number goes into a typed array of the caller's, the last
 *   parameter, **untouched on failure**.
 * - A value of the wrong JavaScript type is a value that Linux would refuse: −EBADF where a
 *   descriptor is expected, −EFAULT where memory is, −EINVAL elsewhere, decided before any memory
 *   is touched.
 */
import type { SleepingCall } from './sleeping.js';

export { SLEEPING_CALLS, type SleepingCall } from './sleeping.js';

/**
 * Memory by address, wherever Linux takes a pointer: [address, length in bytes]. sluice itself
 * never reads or writes it: it goes to the kernel, which answers −EFAULT where a program would get
 * a signal.
 */
export type Address = BigUint64Array;

/** Memory that a call reads or fills: bytes of JavaScript, or an address. */
export type Memory = Uint8Array | Address;

/** An iovec: at most IOV_MAX (1024) pieces of memory, taken in order. */
export type Vector = readonly Memory[];

/** A position or length in bytes: a whole number, exact to 2^53, or a bigint, exact to 2^63. */
export type Offset = number | bigint;

/**
 * An `off_t *` of Linux: `null` means "use and move the file offset", a number is passed by value,
 * and an `Address` names the eight bytes that Linux reads and advances.
 */
export type OffsetPointer = Offset | Address | null;

/** A name: a string, or its bytes where they are not UTF-8. At most 4095 bytes, no NUL. */
export type Path = string | Uint8Array;

/** Reading, writing and the descriptor itself: read(2), readv(2), dup(2), fcntl(2), ioctl(2). */
export interface IoCalls {
  read(fd: number, memory: Memory): number;
  write(fd: number, memory: Memory): number;
  readv(fd: number, vector: Vector): number;
  writev(fd: number, vector: Vector): number;
  pread(fd: number, memory: Memory, offset: Offset): number;
  pwrite(fd: number, memory: Memory, offset: Offset): number;
  preadv(fd: number, vector: Vector, offset: Offset): number;
  pwritev(fd: number, vector: Vector, offset: Offset): number;
  /** Offset −1 uses and moves the file offset. */
  preadv2(fd: number, vector: Vector, offset: Offset, flags: number): number;
  /** Offset −1 uses and moves the file offset. */
  pwritev2(fd: number, vector: Vector, offset: Offset, flags: number): number;
  /** The number is free afterwards whatever is answered, EINTR and EIO too: never call it twice. */
  close(fd: number): number;
  dup(fd: number): number;
  dup2(oldfd: number, newfd: number): number;
  dup3(oldfd: number, newfd: number, flags: number): number;
  /**
   * The argument depends on the command: a number (F_DUPFD, F_SETFD, F_SETFL, F_SETOWN, F_SETSIG,
   * F_SETPIPE_SZ, F_ADD_SEALS), an Int32Array [type, id] (F_SETOWN_EX in, F_GETOWN_EX out), a
   * BigInt64Array [type, whence, start, length, pid] (F_OFD_SETLK and F_OFD_SETLKW in,
   * F_OFD_GETLK in and out), or nothing. F_GETOWN cannot be answered by n ≥ 0 or −errno, because a
   * process group is a legal negative: −EINVAL, use F_GETOWN_EX.
   */
  fcntl(fd: number, command: number, argument?: number | Int32Array | BigInt64Array): number;
  /** FIONREAD fills argument[0], FIONBIO reads it. Any other request is −ENOTTY. */
  ioctl(fd: number, request: number, argument: Int32Array): number;
}

/** Pipes and what moves pages through them: pipe(2), splice(2), tee(2), vmsplice(2). */
export interface PipeCalls {
  /** fds[0] is the read end, fds[1] the write end. */
  pipe(fds: Int32Array): number;
  pipe2(flags: number, fds: Int32Array): number;
  splice(
    fdIn: number,
    offsetIn: OffsetPointer,
    fdOut: number,
    offsetOut: OffsetPointer,
    length: Offset,
    flags: number,
  ): number;
  tee(fdIn: number, fdOut: number, length: Offset, flags: number): number;
  vmsplice(fd: number, vector: Vector, flags: number): number;
}

/** Sockets: socket(2), socketpair(2), and what a listener and a connector need. */
export interface SocketCalls {
  socketpair(domain: number, type: number, protocol: number, fds: Int32Array): number;
  socket(domain: number, type: number, protocol: number): number;
  /** `address` holds the bytes of a sockaddr; `address.ts` writes and reads them. */
  bind(fd: number, address: Uint8Array): number;
  listen(fd: number, backlog: number): number;
  /** Answers the new descriptor; the peer's sockaddr goes into `address`, zeros after it. */
  accept4(fd: number, flags: number, address: Uint8Array | null): number;
  connect(fd: number, address: Uint8Array): number;
  shutdown(fd: number, how: number): number;
  send(fd: number, memory: Memory, flags: number): number;
  recv(fd: number, memory: Memory, flags: number): number;
  /** The bytes of the vector, and the descriptors as one SCM_RIGHTS message beside them. */
  sendmsg(fd: number, vector: Vector, fds: Int32Array | null, flags: number): number;
  /**
   * Fills `fds` with the numbers of descriptors that came, and result with [how many, msg_flags].
   * Linux has room for as many as `fds` can take: it closes the others, which MSG_CTRUNC tells.
   * Every number it has opened is handed out or closed: also a pidfd (SO_PASSPIDFD), and what no
   * longer fits after an offloaded call, because one of these arrays was detached meanwhile.
   */
  recvmsg(
    fd: number,
    vector: Vector,
    fds: Int32Array | null,
    flags: number,
    result: Int32Array,
  ): number;
  /** Answers the length of the value in bytes. */
  getsockopt(fd: number, level: number, option: number, value: Uint8Array): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array): number;
  /** Answers the length of the sockaddr, which may be larger than what fitted. */
  getsockname(fd: number, address: Uint8Array): number;
  getpeername(fd: number, address: Uint8Array): number;
}

/**
 * Files and what moves whole files: openat(2), sendfile(2), copy_file_range(2), memfd_create(2).
 */
export interface FileCalls {
  openat(directory: number, path: Path, flags: number, mode: number): number;
  openat2(directory: number, path: Path, flags: Offset, mode: Offset, resolve: Offset): number;
  /** Fills STAT_FIELDS numbers, see `flags.ts` for their places. */
  fstat(fd: number, stat: BigInt64Array): number;
  /** Answers 0; position[0] is the new file offset, exact. */
  lseek(fd: number, offset: Offset, whence: number, position: BigInt64Array): number;
  ftruncate(fd: number, length: Offset): number;
  fallocate(fd: number, mode: number, offset: Offset, length: Offset): number;
  /** The target comes first, as in the manual page. */
  sendfile(fdOut: number, fdIn: number, offset: OffsetPointer, count: Offset): number;
  copy_file_range(
    fdIn: number,
    offsetIn: OffsetPointer,
    fdOut: number,
    offsetOut: OffsetPointer,
    length: Offset,
    flags: number,
  ): number;
  memfd_create(name: Path, flags: number): number;
  posix_fadvise(fd: number, offset: Offset, length: Offset, advice: number): number;
  readahead(fd: number, offset: Offset, count: Offset): number;
  fsync(fd: number): number;
  fdatasync(fd: number): number;
  /** Fills STATFS_FIELDS numbers, see `flags.ts` for their places. */
  statfs(path: Path, statfs: BigInt64Array): number;
  fstatfs(fd: number, statfs: BigInt64Array): number;
  eventfd(initial: number, flags: number): number;
  /**
   * `limit` is [soft, hard] to set, or null; the limit before goes into `old` unless that is null.
   */
  prlimit(
    pid: number,
    resource: number,
    limit: BigUint64Array | null,
    old: BigUint64Array | null,
  ): number;
}

/**
 * Memory by address, as Linux has it. The ArrayBuffer over it is Linux's alone: see `LinuxKernel`.
 */
export interface MmCalls {
  /** Answers the address. */
  mmap(
    address: Offset,
    length: Offset,
    protection: number,
    flags: number,
    fd: number,
    offset: Offset,
  ): number;
  munmap(address: Offset, length: Offset): number;
  msync(address: Offset, length: Offset, flags: number): number;
  mprotect(address: Offset, length: Offset, protection: number): number;
  /** `newAddress` is read with MREMAP_FIXED only. Answers the address. */
  mremap(
    address: Offset,
    oldLength: Offset,
    newLength: Offset,
    flags: number,
    newAddress: Offset,
  ): number;
  madvise(address: Offset, length: Offset, advice: number): number;
  /** sysconf(_SC_PAGESIZE). */
  page_size(): number;
  /**
   * Copies from an address: −EFAULT where a load would be SIGSEGV or SIGBUS;
   * short where that begins later.
   */
  load(address: Offset, bytes: Uint8Array): number;
  /** Copies to an address, in the same way. */
  store(address: Offset, bytes: Uint8Array): number;
}

/** Readiness: epoll(7), poll(2). */
export interface EventCalls {
  epoll_create1(flags: number): number;
  /** `data` comes back with each event, all 64 bits of it. */
  epoll_ctl(epfd: number, operation: number, fd: number, events: number, data: Offset): number;
  /**
   * Fills triples [events, low half of data, high half of data]; as many as fit.
   * Answers their count.
   */
  epoll_wait(epfd: number, timeoutMs: number, events: Int32Array): number;
  /** `fds` holds triples [fd, events, revents]. Answers how many have revents. */
  poll(timeoutMs: number, fds: Int32Array): number;
}

/** The plain calls: synchronous, each one system call. */
export interface Calls extends IoCalls, PipeCalls, SocketCalls, FileCalls, MmCalls, EventCalls {}

/** Where a kernel calls back: readiness, sleep and signals. */
export interface Doors {
  /**
   * The door of readiness: `listener` runs on this thread whenever `fd` (an epoll descriptor, as a
   * rule) is readable. Level-triggered: read it empty. The watch does not keep the program alive
   * until `hold` says so. Answers a ticket.
   */
  watch(fd: number, listener: () => void): number;
  /** Whether the watch keeps the program alive. −EINVAL: no such watch. */
  hold(watch: number, alive: boolean): number;
  /** Call before `fd` is closed. `listener` does not run again. −EINVAL: no such watch. */
  unwatch(watch: number): number;
  /**
   * The door of sleep: the call runs on a thread of sluice's own and `done` gets its answer on this
   * one. Answers a ticket ≥ 0, or −errno and `done` never runs. Memory of JavaScript is copied,
   * before the call or after it, so no other thread ever touches it; a buffer that was detached
   * meanwhile is left alone.
   */
  offload<Name extends SleepingCall>(
    name: Name,
    parameters: Parameters<Calls[Name]>,
    done: (result: number) => void,
  ): number;
  /**
   * Wakes the offloaded call with EINTR, or takes it from the queue with −EINTR;
   * `done` runs all the same.
   */
  interrupt(ticket: number): number;
  /**
   * Installs a handler that writes each delivery of `signal` as a record of SIGNAL_RECORD_BYTES
   * into a pipe. Answers the read end, O_NONBLOCK and O_CLOEXEC. One watch a signal and process:
   * −EBUSY for a second.
   */
  signal_watch(signal: number): number;
  /**
   * Ignores the signal, which drops what is pending, then restores what was there before
   * `signal_watch`, unless another handler was put on top since, and closes the pipe's write end.
   * The caller closes the read end.
   */
  signal_unwatch(signal: number): number;
}

/** All of it. */
export interface Kernel extends Calls, Doors {}
