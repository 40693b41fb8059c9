/**
 * The contract of the seam: whatever it is given, a call answers n ≥ 0 or −errno and never throws.
 *
 * Each call gets harmless parameters, which Linux refuses or which change nothing, and one of them
 * in turn is replaced by each wrong thing.
 */
import assert from 'node:assert/strict';
import { errnoName } from '../../src/kernel/errno.js';
import * as f from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import type { LinuxKernel } from '../../src/kernel/linux-kernel.js';
import { row } from '../helpers/conformance.js';
import { beside } from '../helpers/registry.js';
import * as w from '../helpers/wrong.js';

/** What Linux refuses as flags, a domain or a resource. */
const refused = w.int(-1);
const zero = w.int(0);
const fixed = (value: number): w.Kind => ({ ...w.int(value), name: 'fixed' });
/** The only parameter, so nothing else could be refused. */
const noPair: w.Kind = { ...w.ints(2), harmless: () => Int32Array.of(7) };
/** No page begins there, so nothing is unmapped, protected or moved. */
const nowhere = w.offset(1);
const nothing = w.size(0);
/** Two flags that exclude each other: refused before a page is looked at. */
const noProtection = w.int(0x03000000);
const ticket: w.Kind = { ...w.int(0x7fffffff), name: 'ticket' };

const VECTOR = [w.fd, w.vector];
const VECTOR_AT = [w.fd, w.vector, w.offset(0)];
const MEMORY_AT = [w.fd, w.memory, w.offset(0)];
const RANGE = [w.fd, w.offset(0), w.offset(0)];

/** Every call, with its parameters; a second list is the same call again. */
const CALLS = {
  read: [[w.fd, w.memory]],
  write: [[w.fd, w.memory]],
  readv: [VECTOR],
  writev: [VECTOR],
  pread: [MEMORY_AT],
  pwrite: [MEMORY_AT],
  preadv: [VECTOR_AT],
  pwritev: [VECTOR_AT],
  preadv2: [[...VECTOR_AT, zero]],
  pwritev2: [[...VECTOR_AT, zero]],
  close: [[w.fd]],
  dup: [[w.fd]],
  dup2: [[w.fd, w.fd]],
  dup3: [[w.fd, w.fd, zero]],
  fcntl: [
    [w.fd, w.int(f.F_GETFL)],
    [w.fd, fixed(f.F_SETFL), zero],
    [w.fd, fixed(f.F_DUPFD), zero],
    [w.fd, fixed(f.F_SETOWN_EX), w.ints(2)],
    [w.fd, fixed(f.F_GETOWN_EX), w.ints(2)],
    [w.fd, fixed(f.F_OFD_SETLK), w.words(5)],
    [w.fd, fixed(f.F_OFD_GETLK), w.words(5)],
  ],
  ioctl: [[w.fd, w.int(f.FIONREAD), w.ints(1)]],
  pipe: [[noPair]],
  pipe2: [[refused, w.ints(2)]],
  splice: [[w.fd, w.offsetPointer, w.fd, w.offsetPointer, w.size(0), zero]],
  tee: [[w.fd, w.fd, w.size(0), zero]],
  vmsplice: [[w.fd, w.vector, zero]],
  socketpair: [[refused, zero, zero, w.ints(2)]],
  socket: [[refused, zero, zero]],
  bind: [[w.fd, w.bytes]],
  listen: [[w.fd, zero]],
  accept4: [[w.fd, zero, w.bytesOrNull]],
  connect: [[w.fd, w.bytes]],
  shutdown: [[w.fd, zero]],
  send: [[w.fd, w.memory, zero]],
  recv: [[w.fd, w.memory, zero]],
  sendmsg: [[w.fd, w.vector, w.intsOrNull, zero]],
  recvmsg: [[w.fd, w.vector, w.intsOrNull, zero, w.ints(2)]],
  getsockopt: [[w.fd, zero, zero, w.bytes]],
  setsockopt: [[w.fd, zero, zero, w.bytes]],
  getsockname: [[w.fd, w.bytes]],
  getpeername: [[w.fd, w.bytes]],
  openat: [[w.fd, w.path, zero, zero]],
  openat2: [[w.fd, w.path, w.word, w.word, w.word]],
  fstat: [[w.fd, w.words(f.STAT_FIELDS)]],
  lseek: [[w.fd, w.offset(0), zero, w.words(1)]],
  ftruncate: [[w.fd, w.offset(0)]],
  fallocate: [[w.fd, zero, w.offset(0), w.offset(0)]],
  sendfile: [[w.fd, w.fd, w.offsetPointer, w.size(0)]],
  copy_file_range: [[w.fd, w.offsetPointer, w.fd, w.offsetPointer, w.size(0), zero]],
  memfd_create: [[w.path, refused]],
  posix_fadvise: [[...RANGE, zero]],
  readahead: [[w.fd, w.offset(0), w.size(0)]],
  fsync: [[w.fd]],
  fdatasync: [[w.fd]],
  statfs: [[w.path, w.words(f.STATFS_FIELDS)]],
  fstatfs: [[w.fd, w.words(f.STATFS_FIELDS)]],
  eventfd: [[zero, refused]],
  prlimit: [[zero, refused, w.limit, w.limit]],
  mmap: [[w.offset(0), w.size(0), zero, zero, w.fd, w.offset(0)]],
  munmap: [[nowhere, nothing]],
  msync: [[nowhere, nothing, refused]],
  mprotect: [[nowhere, nothing, noProtection]],
  mremap: [[nowhere, nothing, nothing, refused, nowhere]],
  madvise: [[nowhere, nothing, refused]],
  load: [[nowhere, w.bytes]],
  store: [[nowhere, w.bytes]],
  epoll_create1: [[refused]],
  epoll_ctl: [[w.fd, zero, w.fd, zero, w.word]],
  epoll_wait: [[w.fd, zero, w.triples]],
  poll: [[zero, w.triples]],
  watch: [[w.fd, w.listener]],
  hold: [[ticket, w.alive]],
  unwatch: [[ticket]],
  offload: [[w.callName, w.parameters, w.listener]],
  interrupt: [[ticket]],
  signal_watch: [[refused]],
  signal_unwatch: [[refused]],
  view: [[w.offset(0), w.size(0)]],
  address_of: [[w.buffer]],
  detach: [[w.buffer]],
  page_size: [[]],
  own: [[nowhere, nothing, nothing, nothing, w.listener, w.ints(1)]],
  disown: [[w.size(2 ** 40)]],
  guard: [[nowhere, nothing, nothing, w.fd, nothing]],
  guard_state: [[w.size(2 ** 40), w.words(3)]],
  guard_renew: [[]],
  unguard: [[w.size(2 ** 40), w.words(3)]],
  requests: [[]],
  entrust: [[w.fd]],
  reclaim: [[w.fd]],
} satisfies Record<keyof LinuxKernel, readonly (readonly w.Kind[])[]>;

/** Beyond what every kernel has. */
const LINUX_ONLY = [
  ...['view', 'address_of', 'detach', 'page_size', 'own', 'disown', 'requests'],
  ...['guard', 'guard_state', 'guard_renew', 'unguard', 'entrust', 'reclaim'],
];

type Call = (...parameters: unknown[]) => unknown;

/** Answers what the call answers, which is a number that means something. */
function answer(call: Call, label: string, ...parameters: unknown[]): number {
  let result: unknown;
  try {
    result = call(...parameters);
  } catch (error) {
    assert.fail(`${label} threw ${error}`);
  }
  assert.ok(Number.isSafeInteger(result), `${label} answered ${String(result)}`);
  const number = result as number;
  if (number < 0) assert.doesNotMatch(errnoName(-number), /^E\d/, label);
  return number;
}

/** A view over memory that is not there is detached before anything looks into it. */
function withoutView(result: unknown): unknown {
  return result instanceof ArrayBuffer ? linux.detach(result) : result;
}

function harmless(kinds: readonly w.Kind[]): unknown[] {
  return kinds.map((kind) => kind.harmless());
}

function checkWrongThings(call: Call, kinds: readonly w.Kind[], place: number): void {
  const kind = kinds[place] as w.Kind;
  for (const thing of kind.name === 'fixed' ? [] : w.WRONG) {
    const parameters = harmless(kinds);
    parameters[place] = thing.make();
    const label = `${thing.label} as parameter ${place + 1} (${kind.name})`;
    const expected = w.refusal(kind, thing, parameters[place]);
    const result = answer(call, label, ...parameters);
    if (expected === undefined) continue;
    assert.equal(errnoName(-result), errnoName(expected), label);
  }
  if (kind.tooShort === undefined) return;
  const parameters = harmless(kinds);
  parameters[place] = kind.tooShort();
  assert.equal(errnoName(-answer(call, 'too short', ...parameters)), errnoName(kind.errno));
}

function checkUntouched(call: Call, kinds: readonly w.Kind[]): void {
  const [before, parameters] = [harmless(kinds), harmless(kinds)];
  if (answer(call, 'harmless parameters', ...parameters) >= 0) return;
  for (const [place, value] of parameters.entries()) {
    if (ArrayBuffer.isView(value)) assert.deepEqual(value, before[place]);
  }
}

function checkCall(call: Call, lists: readonly (readonly w.Kind[])[]): void {
  for (const kinds of lists) {
    assert.equal(answer(call, 'no parameters') < 0, kinds.length > 0);
    answer(call, 'more parameters', ...harmless(kinds), 1, 2, 3, 4, 5, 6, 7);
    checkUntouched(call, kinds);
    for (const place of kinds.keys()) checkWrongThings(call, kinds, place);
  }
}

for (const [name, lists] of Object.entries(CALLS)) {
  if (LINUX_ONLY.includes(name)) {
    beside(`seam: ${name} answers a number to every wrong thing`, {}, () => {
      checkCall((...parameters) => withoutView(Reflect.get(linux, name)(...parameters)), lists);
    });
    continue;
  }
  row('SEAM', `${name} answers a number to every wrong thing`, ({ kernel }) => {
    checkCall((...parameters) => Reflect.get(kernel, name)(...parameters), lists);
  });
}

beside('seam: the addon has these calls, and initialize for linux.ts', {}, () => {
  const exported = Object.keys(linux).filter((name) => name !== 'initialize');
  assert.deepEqual(exported.sort(), Object.keys(CALLS).sort());
});
