/**
 * What is asked of the figures, all in one place, and what was found to limit those that are
 * missed.
 */
import { figure, type Rounds, ratio } from './rounds.js';
import { type Column, type Table, written } from './suite.js';

export interface Target {
  readonly table: string;
  readonly key: string;
  /** The peer whose figure ours is divided by; without it, the figure itself is judged. */
  readonly against?: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** What limits it, by profile or counts of calls; said only where it is missed. */
  readonly limit?: string;
}

export interface Verdict {
  readonly target: Target;
  readonly measured: number;
  readonly met: boolean;
}

const WAKING =
  'C over a socketpair, which does nothing but sleep and wake, takes more than that of the time ' +
  'of net too: most of each is Linux waking the other process on another processor, twice. What ' +
  'is not to wait for that looks again before it sleeps, as a ring does without `spin: 0`.';

const BESIDE_A_THREAD =
  'C itself costs more beside a second thread, as every Node has (second row): Linux then counts ' +
  'a reference for each look at a descriptor.';

const SENDFILE =
  'By perf 68 % of its CPU is sendfile(2), in calls of at most 2 MiB so that others have their ' +
  'turn, 5 % epoll_wait and 22 % Node and V8, which neither nginx nor a loop in C has.';

const PIECES =
  'By strace all of them let copy_file_range(2) copy from page to page: cp and ' +
  'fs.copyFile() by one call for the whole file, copy() in pieces of 32 MiB on a ' +
  'thread, so that an abort is heard, which costs nothing that shows. On ext4 copy() reserves ' +
  'room before each piece: in C that takes 0.32 s where a bare copy_file_range takes 0.39 s ' +
  '(CPU 0.29 and 0.37 s); on other file systems the three do the same.';

const SPLICE =
  'By perf 59 % of its CPU is splice(2), three quarters of that the half to the socket, ' +
  "which is TCP's sending path as far as the receiver's queue; Node and V8 are 22 %, " +
  'epoll_wait is 6 %.';

const TWO_ENDS =
  'Client and server make and check every byte on the two processors that the relay has too: ' +
  'without any relay they do what the last row says.';

const INTO_FILE =
  'By perf 65 % of its CPU is splice(2) into the file: 35 % getting pages for it, 25 % ' +
  'the copy into them. A loop of the same calls in C took 1.12 s (CPU 1.11 s) where GNU tee ' +
  'took 2.44 s (2.31 s), so 2.17 × is what these calls allow; Node starts in 0.1 s, and that is ' +
  'in the figure.';

const PAGE_TABLES =
  'By strace it is seven calls (openat, two of fstat, mmap, rt_sigaction, close, munmap), and a ' +
  'page fault. C makes five of them and nothing else, and takes two thirds of the time: Linux ' +
  'takes longer to map a page and to unmap it than to read so few bytes.';

const SHARED_PROCESSOR =
  'Where each end has a processor it is some microseconds. Where they share one both have to ' +
  'sleep, as with a socket, and by perf 57 % of that is Linux, most of it the switching, 33 % ' +
  'Node and its libraries, 8 % JavaScript.';

/** Over a hundredfold size: what is quadratic has 0.01, and the sizes of caches show too. */
const NOT_QUADRATIC = 0.1;

export const TARGETS: readonly Target[] = [
  { table: 'calls', key: 'dup', against: 'C', atMost: 1.4, limit: BESIDE_A_THREAD },
  { table: 'calls', key: 'dup', against: 'Python', atMost: 1 },
  { table: 'calls', key: 'getfl', against: 'C', atMost: 1.4, limit: BESIDE_A_THREAD },
  { table: 'calls', key: 'getfl', against: 'Python', atMost: 1 },
  {
    table: 'startup',
    key: 'wallAdded',
    atMost: 20,
    limit:
      'By strace it opens four files of ours and the addon; node:stream, which it ' +
      'needs, is some 3 ms of it.',
  },
  { table: 'startup', key: 'residentAdded', atMost: 6 },
  { table: 'copy-socket', key: 'cpu', against: 'nginx, sendfile', atMost: 1, limit: SENDFILE },
  {
    table: 'copy-socket',
    key: 'rate',
    against: 'C, a loop of sendfile',
    atLeast: 0.95,
    limit: SENDFILE,
  },
  { table: 'copy-file', key: 'rate', against: 'cp', atLeast: 1, limit: PIECES },
  { table: 'copy-file', key: 'rate', against: 'fs.copyFile()', atLeast: 1, limit: PIECES },
  {
    table: 'copy-pipe',
    key: 'rate',
    against: 'pv',
    atLeast: 1,
    limit:
      'By strace pv makes 16,384 splices of 64 KiB and copy() 1,026 of up to 1 MiB, ' +
      'each of them on another thread, because a disk may be slow. Into a file splice holds ' +
      'the pipe for as long as it copies, so that whoever fills it waits; the start of Node, ' +
      '0.1 s, is in the figure.',
  },
  { table: 'copy-pipe', key: 'rate', against: 'Node streams', atLeast: 2 },
  { table: 'relay-flood', key: 'rate', against: 'HAProxy', atLeast: 1.5, limit: SPLICE },
  { table: 'relay-flood', key: 'cpu', against: 'HAProxy', atMost: 0.5, limit: SPLICE },
  { table: 'relay-flood', key: 'rate', against: 'socat', atLeast: 3, limit: TWO_ENDS },
  { table: 'relay-flood', key: 'rate', against: 'a.pipe(b)', atLeast: 4, limit: TWO_ENDS },
  { table: 'relay-flood', key: 'cpu', against: 'a.pipe(b)', atMost: 0.15, limit: SPLICE },
  { table: 'relay-flood', key: 'rate', against: 'no relay', atLeast: 0.85, limit: SPLICE },
  { table: 'relay-requests', key: 'rate', against: 'HAProxy', atLeast: 1.15 },
  {
    table: 'relay-connections',
    key: 'rate',
    against: 'HAProxy',
    atLeast: 1,
    limit:
      'By perf 75 % of the time is Linux making and ending connections, 22 % Node and V8. By ' +
      'strace we make 16 calls for each (accept4, socket, connect, getpeername, setsockopt, two ' +
      'of epoll_ctl, two of send, four of recv, shutdown, two of close), and HAProxy 20.',
  },
  {
    table: 'relay-latency',
    key: 'latency',
    against: 'HAProxy',
    atMost: 1,
    limit:
      "By strace each message is one recvfrom, one sendto and two epoll_pwait, Node's " +
      'and one of ours; by perf 85 % of the time is Linux, 12 % Node.',
  },
  { table: 'relay-idle', key: 'memory', against: 'HAProxy', atMost: 2 },
  { table: 'relay-idle', key: 'wakes', atMost: 0 },
  {
    table: 'relay-growth',
    key: 'least',
    atLeast: 0.8,
    limit:
      'Client and server themselves fall without any relay, too (last row): the many ' +
      'connections are made, grow their buffers and end within the time, and their bytes leave ' +
      "the caches. With 5,000 perf finds 47 % of the relay's time in splice(2), against 59 % " +
      'with one, and 11 % in connect, close and the like.',
  },
  { table: 'tee', key: 'rate', against: 'GNU tee', atLeast: 2, limit: INTO_FILE },
  { table: 'tee', key: 'rate', against: 'Node streams', atLeast: 2.5, limit: INTO_FILE },
  { table: 'children', key: 'rate', against: 'execa', atLeast: 1.5 },
  { table: 'children', key: 'cpu', against: 'execa', atMost: 0.1 },
  { table: 'children', key: 'rate', against: 'Node streams', atLeast: 1.5 },
  { table: 'children', key: 'cpu', against: 'Node streams', atMost: 0.1 },
  { table: 'map-random', key: 'page', against: 'fs.readSync()', atMost: 0.05 },
  { table: 'map-scan', key: 'first', against: 'a Buffer', atLeast: 0.8 },
  ...['100', '4096', '65536'].map((key) => ({
    table: 'map-small',
    key,
    against: 'fs.readFileSync()',
    atMost: 2,
    limit: PAGE_TABLES,
  })),
  { table: 'ring-small', key: 'rate', against: 'process.send, JSON', atLeast: 10 },
  { table: 'ring-small', key: 'rate', against: 'process.send, advanced', atLeast: 10 },
  { table: 'ring-large', key: 'rate', against: 'process.send, advanced', atLeast: 10 },
  {
    table: 'ring-trip',
    key: 'trip',
    against: 'net, Unix socket',
    atMost: 0.6,
    limit: SHARED_PROCESSOR,
  },
  {
    table: 'ring-sleep',
    key: 'trip',
    against: 'net, Unix socket',
    atMost: 0.6,
    limit: WAKING,
  },
  { table: 'ring-spin', key: 'trip', against: 'C, socketpair', atMost: 1.2 },
  ...['dup', 'getfl', 'pipe', 'refused', 'poll'].map((key) => ({
    table: 'sim-calls',
    key,
    atLeast: 1,
  })),
  { table: 'sim-descriptors', key: 'least', atLeast: NOT_QUADRATIC },
  { table: 'sim-traffic', key: 'least', atLeast: NOT_QUADRATIC },
];

/** Each target of the table against its figures, in the order of the targets. */
export function verdicts(
  { id, ours }: Table,
  all: Rounds,
  targets: readonly Target[] = TARGETS,
): Verdict[] {
  const own = targets.filter((target) => target.table === id);
  return own.map((target) => {
    const { key, against, atLeast = Number.NEGATIVE_INFINITY, atMost = Infinity } = target;
    const measured =
      against === undefined ? figure(all, ours, key) : ratio(all, ours, against, key);
    return { target, measured, met: measured >= atLeast && measured <= atMost };
  });
}

/** `throughput ≥ 1.5 × HAProxy's`, `wake-ups ≤ 0`. */
export function asked({ columns }: Table, target: Target): string {
  const { key, against, atLeast, atMost } = target;
  const column = columnOf(columns, key);
  const bound = atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
  if (against === undefined) return `${column.title} ${bound} ${column.unit}`.trim();
  return `${column.title} ${bound} × that of ${against}`;
}

export function measuredText({ columns }: Table, { target, measured }: Verdict): string {
  if (target.against === undefined) return written(columnOf(columns, target.key), measured);
  return Number.isNaN(measured) ? 'not measured' : `${measured.toFixed(2)} ×`;
}

function columnOf(columns: readonly Column[], key: string): Column {
  const column = columns.find((one) => one.key === key);
  if (column === undefined) throw new RangeError(`a target speaks of "${key}", which is no column`);
  return column;
}
