/**
 * copy() on the real kernel, made to fail: the n-th call of each scenario, with the errnos of that
 * call's manual page and with those that any call may have. Whatever happens, the target has the
 * first bytes of the source, as many as the result or the error says, nothing is left open, and
 * nothing is pending.
 *
 * A sample by a seed, the same each day: SLUICE_SEED takes another, SLUICE_FAULTS more of them.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { copy } from '../../src/flow/copy.js';
import * as e from '../../src/kernel/errno.js';
import { type CallName, type Fault, fault } from '../../src/kernel/fault.js';
import { SHUT_RDWR } from '../../src/kernel/flags.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { linux } from '../../src/kernel/linux.js';
import { mulberry32 } from '../../src/kernel/random.js';
import { pattern } from '../helpers/claims.js';
import { runtimeOver } from '../helpers/flows.js';
import {
  diskFile,
  drain,
  endOf,
  feed,
  memfd,
  openDescriptors,
  pipe,
  sockets,
  tcp,
} from './copy/ends.js';

const SEED = Number(process.env.SLUICE_SEED ?? 1);
const SAMPLE = Number(process.env.SLUICE_FAULTS ?? 60);
const CALLS = 60;
const CONTENT = pattern(200_003);
const EMPTY = new Uint8Array();

const ANY = [e.EINTR, e.EAGAIN, e.ENOMEM, e.EIO];

/** The errnos of the manual pages, of the calls that a copy makes. */
const PAGES: Readonly<Partial<Record<CallName, readonly number[]>>> = {
  splice: [e.EBADF, e.EINVAL, e.ESPIPE, e.EPIPE, e.ENOSPC],
  sendfile: [e.EBADF, e.EFAULT, e.EINVAL, e.EOVERFLOW, e.ESPIPE, e.EPIPE, e.ECONNRESET],
  copy_file_range: [e.EBADF, e.EFBIG, e.EINVAL, e.EISDIR, e.ENOSPC, e.EPERM, e.ETXTBSY, e.EXDEV],
  preadv: [e.EINVAL, e.EISDIR],
  preadv2: [e.EINVAL, e.EOPNOTSUPP, e.EISDIR],
  pread: [e.EINVAL, e.EISDIR],
  pwritev2: [e.EDQUOT, e.EFBIG, e.ENOSPC, e.EPIPE, e.EOPNOTSUPP, e.ECONNRESET],
  writev: [e.EDQUOT, e.EFBIG, e.ENOSPC, e.EPIPE],
  read: [e.EISDIR],
  pipe2: [e.EMFILE, e.ENFILE],
  fcntl: [e.EBADF, e.EPERM, e.EBUSY],
  fstat: [e.EBADF, e.EOVERFLOW],
  fstatfs: [e.ENOSYS],
  openat: [e.EACCES, e.EMFILE, e.ENXIO],
  getsockopt: [e.ENOTSOCK],
  lseek: [e.ESPIPE],
  poll: [e.EINVAL],
  epoll_create1: [e.EMFILE],
  epoll_ctl: [e.ENOSPC, e.EPERM],
  close: [],
};

interface Scenario {
  readonly source: number;
  readonly target: number;
  feed?(): Promise<void>;
  end?(): void;
  content(): Promise<Uint8Array> | Uint8Array;
}

const fileTarget = (target: number) => ({
  target,
  content: () => readFileSync(`/proc/self/fd/${target}`),
});

function streamTarget([target, reader]: [number, number]) {
  const received = drain(reader);
  return { target, end: () => endOf(target), content: () => received };
}

function streamSource([source, writer]: [number, number]) {
  // The copy may end before all of it is taken: then the source is closed under the writer.
  return { source, feed: () => feed(writer, CONTENT).catch(() => {}) };
}

const swapped = ([left, right]: [number, number]): [number, number] => [right, left];

const SCENARIOS: Readonly<Record<string, (t: TestContext) => Scenario>> = {
  'file to file': (t) => ({ source: diskFile(t, CONTENT), ...fileTarget(diskFile(t, EMPTY)) }),
  'memory to memory': (t) => ({ source: memfd(t, CONTENT), ...fileTarget(memfd(t, EMPTY)) }),
  'file to TCP': (t) => ({ source: diskFile(t, CONTENT), ...streamTarget(tcp(t)) }),
  'file to pipe': (t) => ({ source: diskFile(t, CONTENT), ...streamTarget(swapped(pipe(t))) }),
  'pipe to file': (t) => ({ ...streamSource(pipe(t)), ...fileTarget(diskFile(t, EMPTY)) }),
  'TCP to TCP': (t) => ({ ...streamSource(tcp(t)), ...streamTarget(tcp(t)) }),
  'TCP to file': (t) => ({ ...streamSource(tcp(t)), ...fileTarget(diskFile(t, EMPTY)) }),
  'socket to pipe': (t) => ({ ...streamSource(sockets(t)), ...streamTarget(swapped(pipe(t))) }),
  'blocking socket to blocking socket': (t) => ({
    ...streamSource(sockets(t, 0)),
    ...streamTarget(sockets(t, 0)),
  }),
};

interface Call {
  readonly name: CallName;
  readonly nth: number;
}

/** The calls that a copy makes where nothing fails, in order. */
function recorder(calls: Call[]): Kernel {
  const counts = new Map<string, number>();
  const note = (name: string) => {
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    if (name in PAGES && calls.length < CALLS) calls.push({ name: name as CallName, nth });
  };
  return new Proxy(linux, {
    get(target, name: string & keyof Kernel) {
      const call = target[name] as (...parameters: unknown[]) => unknown;
      return (...parameters: unknown[]) => {
        note(name === 'offload' ? (parameters[0] as string) : name);
        return call.apply(target, parameters);
      };
    },
  });
}

async function run(scenario: Scenario, kernel: Kernel) {
  const open = openDescriptors();
  const feeding = scenario.feed?.();
  const controller = new AbortController();
  const copying = copy(runtimeOver(kernel), scenario.source, scenario.target, controller);
  const outcome = await copying.then(
    ({ bytes }) => ({ bytes, error: undefined }),
    (error) => ({ bytes: error.bytes as number, error }),
  );
  // What a copy has left in its source is taken, so that the writer ends, and nobody reads on.
  if (outcome.error !== undefined) linux.shutdown(scenario.source, SHUT_RDWR);
  const rest = outcome.error !== undefined && feeding ? drain(scenario.source) : undefined;
  scenario.end?.();
  await feeding;
  await rest?.catch(() => {});
  const arrived = Buffer.from(await scenario.content());
  assert.deepEqual(openDescriptors(), open, 'left open');
  return { ...outcome, arrived };
}

for (const [name, make] of Object.entries(SCENARIOS)) {
  test(`fault: ${name}`, async (t) => {
    const calls: Call[] = [];
    const { bytes } = await run(make(t), recorder(calls));
    assert.equal(bytes, CONTENT.length);
    const faults = calls.flatMap(({ name: call, nth }) =>
      [...ANY, ...(PAGES[call] ?? [])].flatMap((errno): Fault[] => [{ call, nth, errno }]),
    );
    const random = mulberry32(SEED);
    for (let n = 0; n < SAMPLE; n++) {
      const chosen = faults[Math.floor(random() * faults.length)] as Fault;
      await t.test(`${chosen.call} ${chosen.nth} ${e.errnoName(chosen.errno ?? 0)}`, (inner) =>
        survives(make(inner), chosen),
      );
    }
  });
}

async function survives(scenario: Scenario, chosen: Fault): Promise<void> {
  const { bytes, error, arrived } = await run(scenario, fault(linux, { faults: [chosen] }));
  assert.equal(bytes, arrived.length, error?.stack);
  assert.ok(arrived.equals(CONTENT.subarray(0, bytes)));
  if (error === undefined) assert.equal(bytes, CONTENT.length);
  else assert.match(error.code, /^E[A-Z0-9]+$/, error.stack);
}

test('fault: short counts and interruptions at random change nothing', async (t) => {
  for (const [name, make] of Object.entries(SCENARIOS)) {
    for (let seed = SEED; seed < SEED + 3; seed++) {
      const kernel = fault(linux, { random: { seed, rate: 0.2, calls: MOVING } });
      const { bytes, arrived, error } = await run(make(t), kernel);
      assert.equal(error, undefined, `${name}, seed ${seed}: ${error?.stack}`);
      assert.ok(bytes === CONTENT.length && arrived.equals(CONTENT), `${name}, seed ${seed}`);
    }
  }
});

const MOVING: readonly CallName[] = [
  'splice',
  'sendfile',
  'copy_file_range',
  'preadv',
  'preadv2',
  'pread',
  'pwritev2',
  'writev',
  'read',
];
