import assert from 'node:assert/strict';
import { lookup } from 'node:dns/promises';
import { getEventListeners } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { encodeAddress } from '../../../src/kernel/address.js';
import { EBADF, EFAULT, EINTR, EINVAL, ESRCH } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import {
  type Address,
  type Kernel,
  SLEEPING_CALLS,
  type SleepingCall,
} from '../../../src/kernel/kernel.js';
import { offload } from '../../../src/kernel/offload.js';
import { failsWith, pattern, string, succeeds, text } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';
import { throughThread } from '../../helpers/doors.js';
import { LOOPBACK, listener, nameOf, peerOf, socketFor } from '../../helpers/sockets.js';
import { content, position, receive, unread } from '../../helpers/transfer.js';
import { until } from '../../helpers/turns.js';

const AT_CWD = f.AT_FDCWD;
const WRITE_NEW = f.O_WRONLY | f.O_CREAT | f.O_CLOEXEC;

/** What each sleeping call does when a thread makes it: what it does when it is made here. */
const DEEDS: Record<SleepingCall, (subject: Subject) => Promise<void>> = {
  read: (s) => fills(s, (fd, bytes) => s.offload('read', fd, bytes)),
  pread: (s) => fills(s, (fd, bytes) => s.offload('pread', fd, bytes, 0)),
  readv: (s) => fills(s, (fd, bytes) => s.offload('readv', fd, pieces(bytes))),
  preadv: (s) => fills(s, (fd, bytes) => s.offload('preadv', fd, pieces(bytes), 0)),
  preadv2: (s) => fills(s, (fd, bytes) => s.offload('preadv2', fd, pieces(bytes), -1, 0)),
  write: (s) => writes(s, (fd, bytes) => s.offload('write', fd, bytes)),
  pwrite: (s) => writes(s, (fd, bytes) => s.offload('pwrite', fd, bytes, 0)),
  writev: (s) => writes(s, (fd, bytes) => s.offload('writev', fd, pieces(bytes))),
  pwritev: (s) => writes(s, (fd, bytes) => s.offload('pwritev', fd, pieces(bytes), 0n)),
  pwritev2: (s) => writes(s, (fd, bytes) => s.offload('pwritev2', fd, pieces(bytes), -1, 0)),

  fcntl: async (s) => {
    const file = s.file(text('locked'));
    const lock = BigInt64Array.of(BigInt(f.F_WRLCK), 0n, 2n, 3n, 0n);
    succeeds(await s.offload('fcntl', file, f.F_OFD_SETLKW, lock), 0);
    const other = s.keep(s.kernel.openat(AT_CWD, `/proc/self/fd/${file}`, f.O_RDWR, 0));
    succeeds(await s.offload('fcntl', other, f.F_OFD_GETLK, lock), 0);
    assert.deepEqual([...lock], [BigInt(f.F_WRLCK), 0n, 2n, 3n, -1n]);
  },
  splice: async (s) => {
    const [reader, writer] = s.pipe();
    const file = s.file(text('spliced'));
    succeeds(await s.offload('splice', file, 2, writer, null, 100, 0), 5);
    assert.equal(string(receive(s.kernel, reader)), 'liced');
  },
  tee: async (s) => {
    const [source, target] = [s.pipe(), s.pipe()];
    succeeds(s.kernel.write(source[1], text('both')), 4);
    succeeds(await s.offload('tee', source[0], target[1], 100, 0), 4);
    for (const [reader] of [source, target])
      assert.equal(string(receive(s.kernel, reader)), 'both');
  },
  vmsplice: async (s) => {
    const [reader, writer] = s.pipe();
    succeeds(await s.offload('vmsplice', writer, [text('user '), text('pages')], 0), 10);
    assert.equal(string(receive(s.kernel, reader)), 'user pages');
  },
  send: async (s) => {
    const [left, right] = s.socketPair();
    succeeds(await s.offload('send', left, text('sent'), f.MSG_NOSIGNAL), 4);
    assert.equal(string(receive(s.kernel, right)), 'sent');
  },
  recv: async (s) => {
    const [left, right] = s.socketPair();
    const bytes = new Uint8Array(10);
    const received = s.offload('recv', right, bytes, 0);
    succeeds(s.kernel.write(left, text('received')), 8);
    succeeds(await received, 8);
    assert.equal(string(bytes), 'received\0\0');
  },
  sendmsg: async (s) => {
    const [left, right] = s.socketPair();
    succeeds(await s.offload('sendmsg', left, pieces(text('sent')), null, f.MSG_NOSIGNAL), 4);
    assert.equal(string(receive(s.kernel, right)), 'sent');
  },
  recvmsg: async (s) => {
    const [left, right] = s.socketPair();
    const bytes = new Uint8Array(10);
    const report = new Int32Array([7, 7]);
    const received = s.offload('recvmsg', right, pieces(bytes), null, 0, report);
    succeeds(s.kernel.write(left, text('received')), 8);
    succeeds(await received, 8);
    assert.equal(string(bytes), 'received\0\0');
    assert.deepEqual(report, new Int32Array(2));
  },
  accept4: async (s) => {
    const listening = listener(s, LOOPBACK);
    const address = new Uint8Array(16).fill(0xff);
    const accepted = s.offload('accept4', listening.fd, f.SOCK_CLOEXEC, address);
    const client = socketFor(s, LOOPBACK);
    succeeds(s.kernel.connect(client, encodeAddress(listening.address)), 0);
    const server = s.keep(await accepted);
    assert.deepEqual(peerOf(s.kernel, server), nameOf(s.kernel, client));
    assert.deepEqual(address, encodeAddress(nameOf(s.kernel, client)));
  },
  connect: async (s) => {
    const listening = listener(s, LOOPBACK);
    const client = socketFor(s, LOOPBACK);
    succeeds(await s.offload('connect', client, encodeAddress(listening.address)), 0);
    assert.deepEqual(peerOf(s.kernel, client), listening.address);
  },
  openat: async (s) => {
    const file = s.keep(await s.offload('openat', AT_CWD, s.path(), WRITE_NEW, 0o600));
    succeeds(s.kernel.write(file, text('new')), 3);
  },
  openat2: async (s) => {
    const file = s.keep(await s.offload('openat2', AT_CWD, s.path(), WRITE_NEW, 0o600n, 0));
    succeeds(s.kernel.write(file, text('new')), 3);
  },
  fallocate: async (s) => {
    const file = s.file();
    succeeds(await s.offload('fallocate', file, 0, 0, 10_000), 0);
    assert.equal(content(s.kernel, file).length, 10_000);
  },
  sendfile: async (s) => {
    const [reader, writer] = s.pipe();
    const file = s.file(text('a whole file'));
    succeeds(await s.offload('sendfile', writer, file, 2n, 100), 10);
    assert.equal(string(receive(s.kernel, reader)), 'whole file');
    assert.equal(position(s.kernel, file), 0);
  },
  copy_file_range: async (s) => {
    const [source, target] = [s.file(text('a range')), s.file()];
    succeeds(await s.offload('copy_file_range', source, 2, target, 0, 100, 0), 5);
    assert.equal(string(content(s.kernel, target)), 'range');
  },
  fsync: async (s) => {
    succeeds(await s.offload('fsync', s.file(text('synced'))), 0);
    failsWith(await s.offload('fsync', s.pipe()[0]), EINVAL);
  },
  fdatasync: async (s) => {
    succeeds(await s.offload('fdatasync', s.file(text('synced'))), 0);
    failsWith(await s.offload('fdatasync', -1), EBADF);
  },
  msync: async (s) => {
    const [address, length] = s.memory() as unknown as [bigint, bigint];
    succeeds(await s.offload('msync', address, length, f.MS_SYNC), 0);
    failsWith(await s.offload('msync', address + 1n, length, f.MS_SYNC), EINVAL);
  },
};

const pieces = (bytes: Uint8Array) => [
  bytes.subarray(0, 5),
  bytes.subarray(5, 5),
  bytes.subarray(5, 2000),
  bytes.subarray(2000),
];

/** A file of 5000 bytes read into 6000. */
async function fills(
  s: Subject,
  call: (fd: number, bytes: Uint8Array) => Promise<number>,
): Promise<void> {
  const sent = pattern(5000);
  const bytes = new Uint8Array(6000).fill(7);
  succeeds(await call(s.file(sent), bytes), 5000);
  assert.deepEqual(bytes.subarray(0, 5000), sent);
  assert.ok(bytes.subarray(5000).every((byte) => byte === 7));
}

/** 5000 bytes written to a file; what the array holds after the call began does not matter. */
async function writes(
  s: Subject,
  call: (fd: number, bytes: Uint8Array) => Promise<number>,
): Promise<void> {
  const file = s.file();
  const bytes = pattern(5000);
  const written = call(file, bytes);
  bytes.fill(0);
  succeeds(await written, 5000);
  assert.deepEqual(content(s.kernel, file), pattern(5000));
}

for (const name of SLEEPING_CALLS) row('OFFLOAD-01', `${name} on another thread`, DEEDS[name]);

row('OFFLOAD-02', 'a read of an empty pipe sleeps, and this thread goes on', async (s) => {
  const [reader, writer] = s.pipe();
  const bytes = new Uint8Array(10);
  const read = s.offload('read', reader, bytes);
  await lookup('localhost');
  succeeds(s.kernel.write(writer, text('late')), 4);
  succeeds(await read, 4);
  assert.equal(string(bytes.subarray(0, 4)), 'late');
});

row('OFFLOAD-03', '200 parked reads stall neither fs nor dns, and all answer', async (s) => {
  const pipes = Array.from({ length: 200 }, () => s.pipe());
  const bytes = pipes.map(() => new Uint8Array(1));
  const reads = pipes.map(([reader], index) =>
    s.offload('read', reader, bytes[index] as Uint8Array),
  );
  assert.match(await readFile('package.json', 'utf8'), /sluice/);
  assert.ok((await lookup('localhost')).address);
  for (const [index, [, writer]] of pipes.entries()) {
    succeeds(s.kernel.write(writer, Uint8Array.of(index)), 1);
  }
  assert.deepEqual(await Promise.all(reads), Array(200).fill(1));
  assert.deepEqual(
    bytes.map(([byte]) => byte),
    Array.from({ length: 200 }, (_, index) => index),
  );
});

row('OFFLOAD-04', 'an abort wakes the call: EINTR, and its listener is gone', async (s) => {
  const [reader, writer] = s.pipe();
  const controller = new AbortController();
  const read = offload(s.kernel, 'read', [reader, new Uint8Array(1)], controller.signal);
  controller.abort();
  failsWith(await read, EINTR);
  succeeds(s.kernel.write(writer, text('x')), 1);
  const again = new AbortController();
  succeeds(await offload(s.kernel, 'read', [reader, new Uint8Array(1)], again.signal), 1);
  assert.deepEqual(getEventListeners(again.signal, 'abort'), []);
  again.abort();
  failsWith(await offload(s.kernel, 'read', [reader, new Uint8Array(1)], controller.signal), EINTR);
});

row('OFFLOAD-05', 'opening a FIFO that nobody writes can be interrupted', async (s) => {
  const child = await s.process();
  const fifo = s.path();
  succeeds(await child.call('mknodat', AT_CWD, fifo, f.S_IFIFO | 0o600, 0), 0);
  const controller = new AbortController();
  const flags = f.O_RDONLY | f.O_CLOEXEC;
  const opened = offload(s.kernel, 'openat', [AT_CWD, fifo, flags, 0], controller.signal);
  controller.abort();
  failsWith(await opened, EINTR);
  s.unlink(fifo);
});

/** The state of each thread of the pool, as /proc has it. */
function threads(): string[] {
  return readdirSync('/proc/self/task')
    .map(statusOf)
    .filter((status) => status.startsWith('Name:\tsluice-offload'));
}

function statusOf(task: string): string {
  try {
    return readFileSync(`/proc/self/task/${task}/status`, 'latin1');
  } catch {
    return 'it has ended';
  }
}

/** The signals that a thread does not block; SIGKILL, SIGSTOP, 32 and 33 nobody can. */
function unblocked(status: string): number[] {
  const blocked = BigInt(`0x${/SigBlk:\s*([0-9a-f]+)/.exec(status)?.[1]}`);
  const all = Array.from({ length: 64 }, (_, index) => index + 1);
  return all.filter(
    (signal) => ((blocked >> BigInt(signal - 1)) & 1n) === 0n && ![9, 19, 32, 33].includes(signal),
  );
}

/** Answers the ticket of a read of one byte and the promise of its answer. */
function startRead(kernel: Kernel, reader: number): { ticket: number; answer: Promise<number> } {
  let ticket = 0;
  const answer = new Promise<number>((resolve) => {
    ticket = succeeds(kernel.offload('read', [reader, new Uint8Array(1)], resolve));
  });
  return { ticket, answer };
}

row(
  'OFFLOAD-06',
  '10^4 interrupts at any moment: each read is woken or has its byte',
  async (s) => {
    const { kernel } = s;
    const [reader, writer] = s.pipe();
    let taken = 0;
    for (let round = 0; round < 10_000; round++) {
      const { ticket, answer } = startRead(kernel, reader);
      if (round % 2 === 0) succeeds(kernel.write(writer, Uint8Array.of(round)), 1);
      for (let wait = round % 512; wait > 0; wait--) kernel.fcntl(-1, f.F_GETFD);
      succeeds(kernel.interrupt(ticket), 0);
      const result = await answer;
      if (result === 1) taken++;
      else failsWith(result, EINTR);
    }
    assert.equal(taken + unread(kernel, reader), 5000);
  },
);

row('OFFLOAD-07', 'a queued call is taken out with EINTR and never made', async (s) => {
  const { kernel } = s;
  const [reader, writer] = s.pipe();
  const started = Array.from({ length: 100 }, () => startRead(kernel, reader));
  const last = started.at(-1) as { ticket: number; answer: Promise<number> };
  succeeds(kernel.interrupt(last.ticket), 0);
  failsWith(await last.answer, EINTR);
  failsWith(kernel.interrupt(last.ticket), ESRCH);
  succeeds(kernel.write(writer, new Uint8Array(99)), 99);
  const answers = await Promise.all(started.slice(0, -1).map(({ answer }) => answer));
  assert.deepEqual(answers, Array(99).fill(1));
});

row('OFFLOAD-08', 'an interrupted call does not disturb the next one of its thread', async (s) => {
  const [reader, writer] = s.pipe();
  for (let round = 0; round < 500; round++) {
    const { ticket, answer } = startRead(s.kernel, reader);
    const next = s.offload('read', reader, new Uint8Array(1));
    succeeds(s.kernel.interrupt(ticket), 0);
    failsWith(await answer, EINTR);
    succeeds(s.kernel.write(writer, text('x')), 1);
    succeeds(await next, 1);
  }
});

row('OFFLOAD-09', 'answers come in the order of completion, never inside the call', async (s) => {
  const order: string[] = [];
  const [first, second] = [s.pipe(), s.pipe()];
  const one = s.offload('read', first[0], new Uint8Array(1)).then(() => order.push('first'));
  const two = s.offload('read', second[0], new Uint8Array(1)).then(() => order.push('second'));
  succeeds(s.kernel.write(second[1], text('x')), 1);
  await two;
  succeeds(s.kernel.write(first[1], text('x')), 1);
  await one;
  let now = true;
  const done = new Promise<void>((resolve) => {
    succeeds(s.kernel.offload('fsync', [-1], () => resolve(assert.equal(now, false))));
  });
  now = false;
  await done;
  assert.deepEqual(order, ['second', 'first']);
});

row('OFFLOAD-10', 'what is no call is refused at once, and done never runs', async (s) => {
  const { kernel } = s;
  const [reader] = s.pipe();
  const bytes = new Uint8Array(1);
  const never = () => assert.fail('done ran');
  const start = kernel.offload as (...parameters: unknown[]) => number;
  for (const name of [
    'close',
    'dup',
    'no such call',
    'read\0',
    '',
    3,
    null,
    undefined,
    'offload',
  ]) {
    failsWith(start(name, [reader], never), EINVAL);
  }
  for (const parameters of [undefined, null, 3, {}, 'read', new Uint8Array(3)]) {
    failsWith(start('read', parameters, never), EINVAL);
  }
  for (const done of [undefined, null, 3, {}]) {
    failsWith(start('read', [reader, bytes], done), EINVAL);
  }
  failsWith(start('read', [], never), EBADF);
  failsWith(start('read', ['0', bytes], never), EBADF);
  failsWith(start('read', [reader], never), EFAULT);
  failsWith(start('read', [reader, {}], never), EFAULT);
  const fail = () => assert.fail('of a getter');
  failsWith(start('read', Object.defineProperty([], 0, { get: fail }), never), EINVAL);
  for (const ticket of [-1, 1.5, Number.NaN, '1', undefined]) {
    failsWith(kernel.interrupt(ticket as number), EINVAL);
  }
  failsWith(kernel.interrupt(2 ** 40), ESRCH);
});

row('OFFLOAD-11', 'memory by address goes to Linux as it is', async (s) => {
  const { kernel } = s;
  const memory = s.memory();
  const file = s.file(pattern(4096));
  succeeds(await s.offload('read', file, memory), 4096);
  const seen = new Uint8Array(4096);
  succeeds(kernel.load(memory[0] as bigint, seen), 4096);
  assert.deepEqual(seen, pattern(4096));
  const nowhere: Address = new BigUint64Array([8n, 100n]);
  failsWith(await s.offload('pread', file, nowhere, 0), EFAULT);
  const bytes = new Uint8Array(4096);
  succeeds(await s.offload('preadv', file, [bytes.subarray(0, 10), memory], 0), 4096);
  assert.deepEqual(bytes.subarray(0, 10), pattern(4096).subarray(0, 10));
  succeeds(kernel.load(memory[0] as bigint, seen), 4096);
  assert.deepEqual(seen.subarray(0, 4086), pattern(4096).subarray(10));
});

row('OFFLOAD-12', 'a thread sleeps for each call, and they go when there is nothing', async (s) => {
  const pipes = Array.from({ length: 5 }, () => s.pipe());
  const reads = pipes.map(([reader]) => s.offload('read', reader, new Uint8Array(1)));
  await until(() => threads().length >= 5);
  for (const status of threads()) assert.ok(unblocked(status).length <= 1, 'one signal gets in');
  for (const [, writer] of pipes) succeeds(s.kernel.write(writer, text('x')), 1);
  await Promise.all(reads);
  while (threads().length > 0) await setTimeout(50);
  succeeds(await s.offload('fsync', s.file()), 0);
});

throughThread(import.meta.url);
