import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { test } from 'node:test';
import { Fd } from '../../src/fd/fd.js';
import type { Runtime } from '../../src/fd/runtime.js';
import { EBADF, ENOSPC } from '../../src/kernel/errno.js';
import { fault } from '../../src/kernel/fault.js';
import * as f from '../../src/kernel/flags.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { linux } from '../../src/kernel/linux.js';
import { offload } from '../../src/kernel/offload.js';
import { realClock } from '../../src/node/clock.js';
import { createIoSignals, type IoSignal } from '../../src/poll/io-signals.js';
import { createPoller } from '../../src/poll/poller.js';
import { succeeds, text } from '../helpers/claims.js';
import { linuxTest, openDescriptors } from '../helpers/linux-row.js';
import { turns } from '../helpers/turns.js';

const runtime: Runtime = {
  kernel: linux,
  clock: realClock,
  poller: createPoller(linux, realClock),
  offload: (name, parameters, signal) => offload(linux, name, parameters, signal),
};
const ioSignals = createIoSignals(runtime, process.pid);
const REAL_TIME = 41;

// The poller has descriptors of its own from its first wait on.
await warmUp();

async function warmUp(): Promise<void> {
  const fds = new Int32Array(2);
  succeeds(linux.pipe2(f.O_CLOEXEC, fds));
  const [reader, writer] = fds as unknown as [number, number];
  await runtime.poller.wait(writer, 4);
  runtime.poller.forget(writer);
  for (const fd of [reader, writer]) linux.close(fd);
}

function put(kernel: Kernel, writer: number, count = 1): void {
  for (let event = 0; event < count; event++) succeeds(kernel.write(writer, text('x')), 1);
}

/** The next event; the iteration goes on. */
async function next(signals: AsyncIterator<IoSignal>): Promise<IoSignal> {
  const { value, done } = await signals.next();
  assert.notEqual(done, true);
  return value;
}

/** Whether this process has a handler for the signal. */
function handles(signal: number): boolean {
  const caught = /SigCgt:\s*([0-9a-f]+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
  return ((BigInt(`0x${caught}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

const RLIMIT_SIGPENDING = 11;

/** Runs `body` while no real-time signal can be queued. */
function withoutSignalQueue(kernel: Kernel, body: () => void): void {
  const before = new BigUint64Array(2);
  succeeds(kernel.prlimit(0, RLIMIT_SIGPENDING, null, before), 0);
  const none = new BigUint64Array([0n, before[1] as bigint]);
  succeeds(kernel.prlimit(0, RLIMIT_SIGPENDING, none, null), 0);
  body();
  succeeds(kernel.prlimit(0, RLIMIT_SIGPENDING, before, null), 0);
}

const ends = (iterator: AsyncIterator<IoSignal>) => iterator.return?.();

linuxTest('ioSignals: SIGIO names the descriptor that has data', async ({ kernel, pipe }) => {
  const [reader, writer] = pipe();
  const [other] = pipe();
  const signals = ioSignals(reader);
  const others = ioSignals({ fd: other });
  put(kernel, writer);
  assert.deepEqual(await next(signals), { signal: f.SIGIO, fd: reader, band: f.POLLIN });
  await ends(others);
  await ends(signals);
});

linuxTest('ioSignals: each real-time signal is an event', async ({ kernel, pipe }) => {
  const [reader, writer] = pipe();
  const signals = ioSignals(reader, { ioSignal: REAL_TIME });
  put(kernel, writer, 3);
  for (let event = 0; event < 3; event++) {
    const { signal, fd, band } = await next(signals);
    assert.deepEqual([signal, fd, band & f.POLLIN], [REAL_TIME, reader, f.POLLIN]);
  }
  await ends(signals);
});

linuxTest('ioSignals: a pending next() is resolved by the event', async ({ kernel, pipe }) => {
  const [reader, writer] = pipe();
  const signals = ioSignals(reader);
  const [first, second] = [next(signals), next(signals)];
  put(kernel, writer);
  assert.equal((await first).fd, reader);
  put(kernel, writer);
  assert.equal((await second).fd, reader);
  await ends(signals);
});

linuxTest('ioSignals: two descriptors with signals of their own', async ({ kernel, pipe }) => {
  const [first, second] = [pipe(), pipe()];
  const one = ioSignals(first[0], { ioSignal: REAL_TIME });
  const two = ioSignals(second[0], { ioSignal: REAL_TIME });
  const both = Promise.all([next(one), next(two)]);
  put(kernel, second[1]);
  put(kernel, first[1]);
  assert.deepEqual(
    (await both).map(({ fd }) => fd),
    [first[0], second[0]],
  );
  await ends(one);
  put(kernel, second[1]);
  assert.equal((await next(two)).fd, second[0]);
  await ends(two);
});

linuxTest('ioSignals: an urgent byte is SIGURG with POLLPRI', async ({ kernel, tcpPair }) => {
  const [client, server] = tcpPair();
  const [other] = tcpPair();
  const signals = ioSignals(server);
  const others = ioSignals(other);
  succeeds(kernel.send(client, text('!'), f.MSG_OOB), 1);
  let event = await next(signals);
  while (event.signal !== f.SIGURG) event = await next(signals);
  assert.deepEqual(event, { signal: f.SIGURG, fd: server, band: f.POLLPRI });
  await ends(signals);
  await ends(others);
});

linuxTest('ioSignals: return() puts everything back', async ({ kernel, pipe }) => {
  const [reader] = pipe();
  const before = openDescriptors();
  const signals = ioSignals(reader, { ioSignal: REAL_TIME });
  const owner = new Int32Array(2);
  succeeds(kernel.fcntl(reader, f.F_GETOWN_EX, owner), 0);
  assert.deepEqual([...owner], [f.F_OWNER_PID, process.pid]);
  assert.deepEqual([f.SIGIO, f.SIGURG, REAL_TIME].map(handles), [true, true, true]);
  const pending = signals.next();
  assert.equal((await ends(signals))?.done, true);
  assert.equal((await pending).done, true);
  assert.equal((await signals.next()).done, true);
  assert.deepEqual([f.SIGIO, f.SIGURG, REAL_TIME].map(handles), [false, false, false]);
  succeeds(kernel.fcntl(reader, f.F_GETFL), f.O_RDONLY);
  succeeds(kernel.fcntl(reader, f.F_GETSIG), 0);
  succeeds(kernel.fcntl(reader, f.F_GETOWN_EX, owner), 0);
  assert.equal(owner[1], 0);
  assert.deepEqual(openDescriptors(), before);
});

linuxTest('ioSignals: break ends the iteration', async ({ kernel, pipe }) => {
  const [reader, writer] = pipe();
  put(kernel, writer);
  const signals = ioSignals(reader);
  put(kernel, writer);
  for await (const { fd } of signals) {
    assert.equal(fd, reader);
    break;
  }
  succeeds(kernel.fcntl(reader, f.F_GETFL), f.O_RDONLY);
});

linuxTest('ioSignals: an abort ends with AbortError', async ({ kernel, pipe }) => {
  const [reader] = pipe();
  const controller = new AbortController();
  const signals = ioSignals(reader, { signal: controller.signal });
  const pending = signals.next();
  controller.abort('enough');
  await assert.rejects(pending, { name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' });
  assert.equal((await signals.next()).done, true);
  succeeds(kernel.fcntl(reader, f.F_GETFL), f.O_RDONLY);
  assert.throws(() => ioSignals(reader, { signal: controller.signal }), { code: 'ABORT_ERR' });
});

linuxTest(
  'ioSignals: what a program kills itself with reports nothing',
  async ({ kernel, pipe }) => {
    const [reader, writer] = pipe();
    const signals = ioSignals(reader, { ioSignal: REAL_TIME });
    process.kill(process.pid, REAL_TIME);
    process.kill(process.pid, 'SIGIO');
    put(kernel, writer);
    const { signal, fd } = await next(signals);
    assert.ok(signal === REAL_TIME || signal === f.SIGIO);
    assert.equal(fd, reader);
    await ends(signals);
  },
);

linuxTest('ioSignals: a full queue of signals falls back to SIGIO', async ({ kernel, pipe }) => {
  const [reader, writer] = pipe();
  const signals = ioSignals(reader, { ioSignal: REAL_TIME });
  withoutSignalQueue(kernel, () => put(kernel, writer));
  assert.deepEqual(await next(signals), { signal: f.SIGIO, fd: reader, band: f.POLLIN });
  await ends(signals);
});

linuxTest('ioSignals: a handler put on top stays', async ({ pipe }) => {
  const [reader] = pipe();
  const signals = ioSignals(reader);
  const handler = () => {};
  process.on('SIGIO', handler);
  await ends(signals);
  assert.equal(handles(f.SIGIO), true);
  process.off('SIGIO', handler);
});

linuxTest(
  'ioSignals: a number that its owner has closed is left alone',
  async ({ kernel, pipe, close }) => {
    const [reader] = pipe();
    const owner = {
      closed: false,
      get fd(): number {
        if (this.closed) throw new Error('closed');
        return reader;
      },
    };
    const signals = ioSignals(owner);
    close(reader);
    owner.closed = true;
    assert.equal(pipe()[0], reader);
    succeeds(kernel.fcntl(reader, f.F_SETSIG, REAL_TIME), 0);
    await ends(signals);
    succeeds(kernel.fcntl(reader, f.F_GETSIG), REAL_TIME);
  },
);

linuxTest('ioSignals: what it refuses, and nothing is left behind', (subject) => {
  const [reader] = subject.pipe();
  const file = subject.file();
  const code = (value: string) => ({ code: value });
  for (const owned of [f.SIGKILL, f.SIGSEGV, f.SIGCHLD, f.SIGPROF, f.SIGUSR1, f.SIGPIPE, 32, 33]) {
    assert.throws(() => ioSignals(reader, { ioSignal: owned }), code('ERR_SLUICE_SIGNAL'));
  }
  assert.throws(() => ioSignals(reader, { ioSignal: 65 }), code('ERR_OUT_OF_RANGE'));
  assert.throws(() => ioSignals(reader, { ioSignal: 0 }), code('ERR_OUT_OF_RANGE'));
  assert.throws(() => ioSignals('1' as unknown as number), code('ERR_INVALID_ARG_TYPE'));
  for (const signal of [null, 'now', {}] as unknown as AbortSignal[]) {
    assert.throws(() => ioSignals(reader, { signal }), code('ERR_INVALID_ARG_TYPE'));
  }
  assert.throws(() => ioSignals(-1), code('EBADF'));
  assert.throws(() => ioSignals(file), code('ERR_SLUICE_SIGNAL'));
  assert.equal(handles(f.SIGIO), false);
  const reserved = subject.keep(subject.kernel.signal_watch(f.SIGURG));
  assert.throws(() => ioSignals(reader), code('ERR_SLUICE_SIGNAL'));
  succeeds(subject.kernel.signal_unwatch(f.SIGURG), 0);
  subject.close(reserved);
  assert.deepEqual([f.SIGIO, f.SIGURG].map(handles), [false, false]);
});

linuxTest(
  'ioSignals: where epoll has no room it is refused, and nothing is left behind',
  ({ pipe }) => {
    const [reader] = pipe();
    const before = openDescriptors();
    const kernel = fault(linux, { faults: [{ call: 'epoll_ctl', nth: 2, errno: ENOSPC }] });
    const crowded = createIoSignals({ ...runtime, kernel }, process.pid);
    assert.throws(() => crowded(reader), { code: 'ENOSPC', syscall: 'epoll_ctl' });
    assert.deepEqual([f.SIGIO, f.SIGURG].map(handles), [false, false]);
    assert.deepEqual(openDescriptors(), before);
  },
);

/** Whether nothing is there to be taken; the call that waits for it ends with the iteration. */
async function isSilent(signals: AsyncIterator<IoSignal>): Promise<boolean> {
  let silent = true;
  const event = signals.next().then(({ done }) => {
    silent = done === true;
  });
  await turns(10);
  const answer = silent;
  await ends(signals);
  await event;
  return answer;
}

linuxTest(
  'ioSignals: only what fcntl(2) sent, for this signal, is an event',
  async ({ pipe, keep }) => {
    const [reader] = pipe();
    const pipes = new Map<number, number>();
    const kernel = new Proxy(linux, {
      get: (target, name: keyof typeof linux) =>
        name === 'signal_watch'
          ? (signal: number) => {
              pipes.set(signal, target.signal_watch(signal));
              return pipes.get(signal);
            }
          : target[name],
    });
    const recorded = createIoSignals({ ...runtime, kernel }, process.pid);
    const signals = recorded(reader, { ioSignal: REAL_TIME });
    const path = `/proc/self/fd/${pipes.get(REAL_TIME)}`;
    const writer = keep(linux.openat(f.AT_FDCWD, path, f.O_WRONLY | f.O_CLOEXEC, 0));
    const record = (number: number, code: number) => {
      const words = new Int32Array(f.SIGNAL_RECORD_BYTES / 4);
      words[f.SIGNAL_NUMBER] = number;
      words[f.SIGNAL_CODE] = code;
      words[f.SIGNAL_FD] = reader;
      words[f.SIGNAL_BAND] = code;
      succeeds(linux.write(writer, new Uint8Array(words.buffer)), f.SIGNAL_RECORD_BYTES);
    };
    const [kill, sigqueue, beyond] = [0, -1, f.POLL_HUP + 1];
    for (const code of [kill, sigqueue, beyond]) record(REAL_TIME, code);
    record(REAL_TIME + 1, f.POLL_IN);
    record(REAL_TIME, f.POLL_HUP);
    assert.equal((await next(signals)).band, f.POLL_HUP);
    assert.equal(await isSilent(signals), true);
  },
);

linuxTest('ioSignals: a number that is closed has no events', async ({ kernel, pipe, close }) => {
  const [gone, other] = [pipe(), pipe()];
  const closed = ioSignals(gone[0]);
  const signals = ioSignals(other[0]);
  close(gone[0]);
  put(kernel, other[1]);
  assert.equal((await next(signals)).fd, other[0]);
  assert.equal(await isSilent(closed), true);
  await ends(signals);
});

linuxTest(
  'ioSignals: an event nobody took is not the next iteration’s',
  async ({ kernel, pipe }) => {
    const [[reader, writer], [other]] = [pipe(), pipe()];
    const others = ioSignals(other, { ioSignal: REAL_TIME });
    const signals = ioSignals(reader, { ioSignal: REAL_TIME });
    put(kernel, writer);
    await ends(signals);
    assert.equal(await isSilent(ioSignals(reader, { ioSignal: REAL_TIME })), true);
    await ends(others);
  },
);

linuxTest(
  'ioSignals: O_ASYNC set by another number is set anew',
  async ({ kernel, pipe, keep }) => {
    const [reader, writer] = pipe();
    const copy = keep(kernel.fcntl(reader, f.F_DUPFD_CLOEXEC, 0));
    succeeds(kernel.fcntl(copy, f.F_SETFL, f.O_ASYNC), 0);
    const signals = ioSignals(reader, { ioSignal: REAL_TIME });
    put(kernel, writer);
    assert.equal((await next(signals)).fd, reader);
    await ends(signals);
  },
);

linuxTest(
  'ioSignals: an iteration that is over no longer listens to its signal',
  async ({ pipe }) => {
    const { signal } = new AbortController();
    const signals = ioSignals(pipe()[0], { signal });
    assert.equal(getEventListeners(signal, 'abort').length > 0, true);
    await ends(signals);
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  },
);

linuxTest('ioSignals: one iterator a descriptor', async ({ pipe }) => {
  const [reader] = pipe();
  const signals = ioSignals(reader);
  assert.throws(() => ioSignals(reader), { code: 'ERR_SLUICE_SIGNAL' });
  await ends(signals);
  await ends(ioSignals(reader));
});

test('the message for an owned signal names it and its owner', () => {
  assert.throws(() => ioSignals(0, { ioSignal: f.SIGPROF }), /SIGPROF is V8/);
});

test('an Fd that is closed ends its iteration with ERR_SLUICE_CLOSED', async () => {
  const [reader, writer] = pairOf();
  const fd = reader.fd;
  const signals = ioSignals(reader, { ioSignal: REAL_TIME });
  const pending = signals.next();
  assert.throws(() => reader.release(), { code: 'EBUSY' });
  reader.close();
  assert.equal(linux.fcntl(fd, f.F_GETFD), -EBADF);
  await assert.rejects(pending, { code: 'ERR_SLUICE_CLOSED' });
  assert.deepEqual(await signals.next(), { done: true, value: undefined });
  assert.equal(handles(REAL_TIME), false);
  assert.throws(() => ioSignals(reader), { code: 'ERR_SLUICE_CLOSED' });
  writer.close();
});

test('an Fd is given back when its iteration ends, and when there is none', async () => {
  const [reader, writer] = pairOf();
  const signals = ioSignals(reader);
  await ends(signals);
  assert.equal(reader.owner, 0);
  const refusing = fault(linux, { faults: [{ call: 'fcntl', nth: 1, errno: EBADF }] });
  const refused = createIoSignals({ ...runtime, kernel: refusing }, process.pid);
  assert.throws(() => refused(reader), { code: 'EBADF' });
  linux.close(reader.release());
  writer.close();
});

function pairOf(): [Fd, Fd] {
  const fds = new Int32Array(2);
  succeeds(linux.pipe2(f.O_CLOEXEC, fds));
  const [reader, writer] = fds as unknown as [number, number];
  return [new Fd(runtime, reader), new Fd(runtime, writer)];
}
