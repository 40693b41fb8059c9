import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EAGAIN, EBADF, EINTR, EIO, EMFILE } from '../../src/kernel/errno.js';
import { type Fault, type FaultPlan, fault, planToCode } from '../../src/kernel/fault.js';
import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLLIN,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MFD_CLOEXEC,
  O_CLOEXEC,
  O_NONBLOCK,
  PROT_READ,
} from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { failsWith, pattern, succeeds } from '../helpers/claims.js';

function withPipe(
  plan: FaultPlan,
  body: (kernel: typeof linux, reader: number, writer: number) => void,
): Fault[] {
  const happened: Fault[] = [];
  const fds = new Int32Array(2);
  succeeds(linux.pipe2(O_CLOEXEC | O_NONBLOCK, fds), 0);
  try {
    body(
      fault(linux, plan, (one) => happened.push(one)),
      fds[0] as number,
      fds[1] as number,
    );
  } finally {
    for (const fd of fds) linux.close(fd);
  }
  return happened;
}

test('fault() fails the nth call once', () => {
  const plan = { faults: [{ call: 'write', nth: 2, errno: EIO }] } as const;
  const happened = withPipe(plan, (kernel, _, writer) => {
    succeeds(kernel.write(writer, pattern(1)), 1);
    failsWith(kernel.write(writer, pattern(1)), EIO);
    succeeds(kernel.write(writer, pattern(1)), 1);
  });
  assert.deepEqual(happened, plan.faults);
});

test('fault() fails every call from the nth on when persistent', () => {
  withPipe(
    { faults: [{ call: 'dup', nth: 2, persistent: true, errno: EMFILE }] },
    (kernel, reader) => {
      linux.close(succeeds(kernel.dup(reader)));
      for (let count = 0; count < 3; count++) failsWith(kernel.dup(reader), EMFILE);
    },
  );
});

test('fault() tells a persistent failure by the call it happened to', () => {
  const plan = { faults: [{ call: 'dup', nth: 2, persistent: true, errno: EMFILE }] } as const;
  const happened = withPipe(plan, (kernel) => {
    failsWith(kernel.dup(-1), EBADF);
    for (let count = 0; count < 2; count++) failsWith(kernel.dup(-1), EMFILE);
  });
  assert.deepEqual(
    happened.map(({ nth }) => nth),
    [2, 3],
  );
});

test('fault() fails so many calls in a row: a storm that passes', () => {
  const plan = { faults: [{ call: 'dup', nth: 2, count: 3, errno: EAGAIN }] } as const;
  const happened = withPipe(plan, (kernel) => {
    failsWith(kernel.dup(-1), EBADF);
    for (let count = 0; count < 3; count++) failsWith(kernel.dup(-1), EAGAIN);
    failsWith(kernel.dup(-1), EBADF);
  });
  const each = [2, 3, 4].map((nth) => ({ call: 'dup', nth, errno: EAGAIN }));
  assert.deepEqual(happened, each);
});

test('planToCode() is code that makes the same plan', () => {
  const plan: FaultPlan = {
    faults: [
      { call: 'splice', nth: 3, errno: EAGAIN },
      { call: 'read', nth: 1, persistent: true, short: 7 },
      { call: 'close', nth: 2, count: 4, errno: EIO },
    ],
    random: { seed: 5, rate: 0.25, calls: ['read', 'write'], errnos: [EINTR, EIO] },
  };
  const code = planToCode(plan);
  assert.match(code, /errno: 11 \/\* EAGAIN \*\/.*errnos: \[4 \/\* EINTR \*\/, 5/);
  assert.deepEqual(new Function(`return ${code}`)(), plan);
});

test('fault() counts an offloaded call as a call of its name, and answers it later', async () => {
  const faults = [
    { call: 'write', nth: 2, errno: EIO },
    { call: 'write', nth: 3, short: 3 },
  ] as const;
  const happened: Fault[] = [];
  const kernel = fault(linux, { faults }, (one) => happened.push(one));
  const file = succeeds(linux.memfd_create('offloaded', MFD_CLOEXEC));
  succeeds(kernel.write(file, pattern(10)), 10);
  const write = (): Promise<number> =>
    new Promise((resolve) => {
      let returned = false;
      succeeds(
        kernel.offload('write', [file, pattern(10)], (result) => {
          assert.ok(returned, 'done runs later');
          resolve(result);
        }),
      );
      returned = true;
    });
  failsWith(await write(), EIO);
  succeeds(await write(), 3);
  succeeds(await write(), 10);
  assert.deepEqual(happened, faults);
  assert.equal(linux.pread(file, new Uint8Array(100), 0), 23);
  linux.close(file);
});

test('fault() does not make a call that is to fail', () => {
  withPipe({ faults: [{ call: 'write', nth: 1, errno: EINTR }] }, (kernel, reader, writer) => {
    failsWith(kernel.write(writer, pattern(5)), EINTR);
    failsWith(kernel.read(reader, new Uint8Array(5)), EAGAIN);
  });
});

test('fault() makes a short count a true one, for memory, vectors and lengths', () => {
  const faults = ['write', 'readv', 'splice'] as const;
  withPipe(
    { faults: faults.map((call) => ({ call, nth: 1, short: 3 })) },
    (kernel, reader, writer) => {
      succeeds(kernel.write(writer, pattern(10)), 3);
      succeeds(kernel.write(writer, pattern(7)), 7);
      const [first, second] = [new Uint8Array(2), new Uint8Array(5)];
      succeeds(kernel.readv(reader, [first, second]), 3);
      assert.deepEqual([...first, ...second], [...pattern(3), 0, 0, 0, 0]);
      const fds = new Int32Array(2);
      succeeds(linux.pipe2(O_CLOEXEC, fds), 0);
      succeeds(kernel.splice(reader, null, fds[1] as number, null, 100, 0), 3);
      succeeds(kernel.splice(reader, null, fds[1] as number, null, 100, 0), 4);
      for (const fd of fds) linux.close(fd);
    },
  );
});

test('fault() lets a short count be 1 at least, also of memory by address', () => {
  const faults = [
    { call: 'write', nth: 1, short: 0 },
    { call: 'write', nth: 2, short: 3 },
  ] as const;
  withPipe({ faults }, (kernel, _, writer) => {
    const memory = MAP_PRIVATE | MAP_ANONYMOUS;
    const address = succeeds(linux.mmap(0, 4096, PROT_READ, memory, -1, 0));
    const piece = BigUint64Array.of(BigInt(address), 10n);
    succeeds(kernel.write(writer, piece), 1);
    succeeds(kernel.write(writer, piece), 3);
    succeeds(kernel.write(writer, piece), 10);
    linux.munmap(address, 4096);
  });
});

test('fault() lets close and EPOLL_CTL_DEL do their work before they answer', () => {
  const faults = [
    { call: 'close', nth: 1, errno: EINTR },
    { call: 'epoll_ctl', nth: 2, errno: EIO },
  ] as const;
  withPipe({ faults }, (kernel, reader) => {
    const epoll = succeeds(linux.epoll_create1(EPOLL_CLOEXEC));
    const copy = succeeds(linux.dup(reader));
    succeeds(kernel.epoll_ctl(epoll, EPOLL_CTL_ADD, copy, EPOLLIN, 0), 0);
    failsWith(kernel.epoll_ctl(epoll, EPOLL_CTL_DEL, copy, 0, 0), EIO);
    succeeds(linux.epoll_ctl(epoll, EPOLL_CTL_ADD, copy, EPOLLIN, 0), 0);
    failsWith(kernel.close(copy), EINTR);
    failsWith(linux.close(copy), EBADF);
    linux.close(epoll);
  });
});

test('fault() by chance is the same for the same seed, and its record repeats it', () => {
  const run = (plan: FaultPlan) => {
    const answers: number[] = [];
    const happened = withPipe(plan, (kernel, reader, writer) => {
      for (let count = 0; count < 200; count++) {
        answers.push(kernel.write(writer, pattern(64)), kernel.read(reader, new Uint8Array(64)));
      }
    });
    return { answers, happened };
  };
  const random = { random: { seed: 7, rate: 0.2 } };
  const first = run(random);
  assert.ok(first.happened.length > 20);
  assert.deepEqual(run(random), first);
  assert.notDeepEqual(run({ random: { seed: 8, rate: 0.2 } }).answers, first.answers);
  assert.deepEqual(run({ faults: first.happened }).answers, first.answers);
});
