// Sockets of the sim kernel: references instead of copies, who is woken, and time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeAddress } from '../../../src/kernel/address.js';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { SleepingCall } from '../../../src/kernel/kernel.js';
import { Machine, type SimOptions } from '../../../src/kernel/sim/machine.js';
import { Process } from '../../../src/kernel/sim/processes.js';
import type { SignalInfo } from '../../../src/kernel/sim/signals.js';
import { SimKernel } from '../../../src/kernel/sim/sim.js';
import { failsWith, pattern, string, succeeds, text } from '../../helpers/claims.js';

const ANY = encodeAddress({ family: 'inet', address: '127.0.0.1', port: 0 });

function pair(kernel: SimKernel, type: number = f.SOCK_STREAM): [left: number, right: number] {
  const fds = new Int32Array(2);
  succeeds(kernel.socketpair(f.AF_UNIX, type, 0, fds), 0);
  return [...fds] as [number, number];
}

function pipe(kernel: SimKernel): [reader: number, writer: number] {
  const fds = new Int32Array(2);
  succeeds(kernel.pipe2(0, fds), 0);
  return [...fds] as [number, number];
}

function listener(kernel: SimKernel, backlog: number): [fd: number, address: Uint8Array] {
  const fd = succeeds(kernel.socket(f.AF_INET, f.SOCK_STREAM, 0));
  succeeds(kernel.bind(fd, ANY), 0);
  succeeds(kernel.listen(fd, backlog), 0);
  const address = new Uint8Array(16);
  succeeds(kernel.getsockname(fd, address), 16);
  return [fd, address];
}

function tcp(kernel: SimKernel): [client: number, server: number] {
  const [listening, address] = listener(kernel, 1);
  const client = succeeds(kernel.socket(f.AF_INET, f.SOCK_STREAM, 0));
  succeeds(kernel.connect(client, address), 0);
  const server = succeeds(kernel.accept4(listening, 0, null));
  succeeds(kernel.close(listening), 0);
  return [client, server];
}

function asleep(kernel: SimKernel, name: SleepingCall, parameters: never): Promise<number> {
  return new Promise((resolve) => succeeds(kernel.offload(name, parameters, resolve)));
}

/** Lets every task run that is due. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

for (const [kind, connected] of [
  ['Unix', pair],
  ['TCP', tcp],
] as const) {
  test(`sim: ${kind}: splice through a socket passes pages and copies nothing`, () => {
    const kernel = new SimKernel();
    const [near, far] = connected(kernel);
    const [[from, into], [out, to]] = [pipe(kernel), pipe(kernel)];
    succeeds(kernel.write(into, pattern(8192)), 8192);
    succeeds(kernel.splice(from, null, near, null, 8192, 0), 8192);
    succeeds(kernel.splice(far, null, to, null, 8192, 0), 8192);
    const { splice } = kernel.inspect().counters;
    assert.deepEqual(splice, { calls: 2, bytesCopied: 0, pagesPassed: 4 });
    assert.equal(kernel.inspect().pagesInUse, 2);
    const bytes = new Uint8Array(8192);
    succeeds(kernel.read(out, bytes), 8192);
    assert.deepEqual(bytes, pattern(8192));
    assert.equal(kernel.inspect().pagesInUse, 0);
  });

  test(`sim: ${kind}: what is not read goes with the socket`, () => {
    const kernel = new SimKernel();
    const [near, far] = connected(kernel);
    succeeds(kernel.write(near, pattern(10_000)), 10_000);
    assert.equal(kernel.inspect().pagesInUse, 3);
    for (const fd of [far, near]) succeeds(kernel.close(fd), 0);
    assert.equal(kernel.inspect().pagesInUse, 0);
  });

  test(`sim: ${kind}: a full socket lets a writer sleep until it is read`, async () => {
    const kernel = new SimKernel();
    const [near, far] = connected(kernel);
    const all = pattern(1 << 20);
    failsWith(kernel.read(far, new Uint8Array(1)), e.EDEADLK);
    const writing = asleep(kernel, 'write', [near, all] as never);
    const received: Uint8Array[] = [];
    for (let length = 0; length < all.length; ) {
      await settle();
      const bytes = new Uint8Array(1 << 18);
      const result = succeeds(kernel.read(far, bytes));
      received.push(bytes.subarray(0, result));
      length += result;
    }
    succeeds(await writing, all.length);
    assert.deepEqual(Buffer.concat(received), Buffer.from(all));
  });
}

test('sim: small writes to TCP share a page, messages of a Unix socket do not', () => {
  for (const [connected, pages] of [
    [tcp, 1],
    [pair, 10],
  ] as const) {
    const kernel = new SimKernel();
    const [near] = connected(kernel);
    for (let count = 0; count < 10; count++) succeeds(kernel.write(near, text('small')), 5);
    assert.equal(kernel.inspect().pagesInUse, pages);
  }
});

test('sim: connections beyond the backlog wait, and come in when there is room', async () => {
  const kernel = new SimKernel();
  const [listening, address] = listener(kernel, 0);
  const [first, second] = [0, 1].map(() =>
    succeeds(kernel.socket(f.AF_INET, f.SOCK_STREAM, 0)),
  ) as [number, number];
  succeeds(kernel.connect(first, address), 0);
  const connecting = asleep(kernel, 'connect', [second, address] as never);
  await settle();
  failsWith(kernel.getpeername(second, new Uint8Array(16)), e.ENOTCONN);
  const accepted = succeeds(kernel.accept4(listening, 0, null));
  succeeds(await connecting, 0);
  const other = succeeds(kernel.accept4(listening, 0, null));
  for (const [client, server] of [
    [first, accepted],
    [second, other],
  ] as const) {
    succeeds(kernel.write(client, text(`${client}`)));
    const bytes = new Uint8Array(8);
    const length = succeeds(kernel.read(server, bytes));
    assert.equal(string(bytes.subarray(0, length)), `${client}`);
  }
});

test('sim: a listener that closes refuses those that wait and resets those that do not', () => {
  const kernel = new SimKernel();
  const [listening, address] = listener(kernel, 0);
  const [taken, waiting] = [0, 1].map(() => {
    const fd = succeeds(kernel.socket(f.AF_INET, f.SOCK_STREAM | f.SOCK_NONBLOCK, 0));
    failsWith(kernel.connect(fd, address), e.EINPROGRESS);
    return fd;
  }) as [number, number];
  succeeds(kernel.close(listening), 0);
  failsWith(kernel.read(taken, new Uint8Array(1)), e.ECONNRESET);
  failsWith(kernel.connect(waiting, address), e.ECONNREFUSED);
});

test('sim: SO_RCVTIMEO ends a sleep by the clock of the machine', async () => {
  const timers: { delayMs: number; callback: () => void }[] = [];
  const options: SimOptions = {
    clock: {
      now: () => 0,
      timer: (delayMs, callback) => {
        timers.push({ delayMs, callback });
        return () => timers.splice(0);
      },
    },
  };
  const kernel = new SimKernel(options);
  const [near, far] = pair(kernel);
  const timeval = new Uint8Array(BigInt64Array.of(2n, 500_000n).buffer);
  succeeds(kernel.setsockopt(near, f.SOL_SOCKET, f.SO_RCVTIMEO, timeval), 0);
  const reading = asleep(kernel, 'read', [near, new Uint8Array(4)] as never);
  await settle();
  assert.deepEqual(
    timers.map(({ delayMs }) => delayMs),
    [2500],
  );
  timers[0]?.callback();
  failsWith(await reading, e.EAGAIN);
  const again = asleep(kernel, 'read', [near, new Uint8Array(4)] as never);
  await settle();
  succeeds(kernel.write(far, text('here')), 4);
  succeeds(await again, 4);
  assert.equal(timers.length, 0);
});

test('sim: SO_REUSEPORT shares connections between listeners, always in the same way', () => {
  const counts = () => {
    const kernel = new SimKernel();
    const on = Uint8Array.of(1, 0, 0, 0);
    let address = ANY;
    const listening = [0, 1].map(() => {
      const fd = succeeds(kernel.socket(f.AF_INET, f.SOCK_STREAM | f.SOCK_NONBLOCK, 0));
      succeeds(kernel.setsockopt(fd, f.SOL_SOCKET, f.SO_REUSEPORT, on), 0);
      succeeds(kernel.bind(fd, address), 0);
      succeeds(kernel.listen(fd, 100), 0);
      address = new Uint8Array(16);
      succeeds(kernel.getsockname(fd, address), 16);
      return fd;
    });
    for (let count = 0; count < 10; count++) {
      succeeds(kernel.connect(succeeds(kernel.socket(f.AF_INET, f.SOCK_STREAM, 0)), address), 0);
    }
    return listening.map((fd) => {
      let accepted = 0;
      while (kernel.accept4(fd, 0, null) >= 0) accepted++;
      return accepted;
    });
  };
  assert.deepEqual(counts(), [5, 5]);
  assert.deepEqual(counts(), counts());
});

test('sim: a full datagram queue of many senders is EAGAIN, and their own when it is read', () => {
  const kernel = new SimKernel();
  const type = f.SOCK_DGRAM | f.SOCK_NONBLOCK;
  const name = encodeAddress({ family: 'unix', abstract: 'inbox' });
  const inbox = succeeds(kernel.socket(f.AF_UNIX, type, 0));
  succeeds(kernel.bind(inbox, name), 0);
  const senders = [0, 1].map(() => succeeds(kernel.socket(f.AF_UNIX, type, 0)));
  for (const fd of senders) succeeds(kernel.connect(fd, name), 0);
  const [first = -1, second = -1] = senders;
  for (let count = 0; count < 11; count++) succeeds(kernel.send(first, text('x'), 0), 1);
  for (const fd of senders) failsWith(kernel.send(fd, text('x'), 0), e.EAGAIN);
  succeeds(kernel.recv(inbox, new Uint8Array(1), 0), 1);
  succeeds(kernel.send(second, text('x'), 0), 1);
});

test('sim: inspect shows a socket: its state, its ends and what waits in it', () => {
  const kernel = new SimKernel();
  const [client, server] = tcp(kernel);
  succeeds(kernel.send(client, text('waits'), 0), 5);
  const { descriptions, objects, processes, pages } = kernel.inspect();
  const place = processes[0]?.descriptors.find(({ fd }) => fd === server)?.description ?? -1;
  const socket = objects[descriptions[place]?.object ?? -1];
  assert.ok(socket?.kind === 'socket');
  const { state, local, remote, received } = socket.state;
  assert.deepEqual(
    { state, local, remote },
    { state: 'open', local: '127.0.0.1 32768', remote: '127.0.0.1 32769' },
  );
  assert.deepEqual(received, [{ page: 0, offset: 0, length: 5 }]);
  assert.deepEqual(pages, [{ references: 1 }]);
});

test('sim: a splice to a full socket waits whatever its flag, and ends with its peer', async () => {
  for (const connected of [pair, tcp]) {
    const kernel = new SimKernel();
    const [near, far] = connected(kernel);
    succeeds(kernel.fcntl(near, f.F_SETFL, f.O_NONBLOCK), 0);
    while (kernel.write(near, new Uint8Array(65536)) > 0);
    succeeds(kernel.fcntl(near, f.F_SETFL, 0), 0);
    const [reader, writer] = pipe(kernel);
    succeeds(kernel.write(writer, text('stays')), 5);
    const all = [reader, null, near, null, 5, f.SPLICE_F_NONBLOCK] as never;
    const moving = asleep(kernel, 'splice', all);
    await settle();
    succeeds(kernel.close(far), 0);
    assert.ok((await moving) < 0);
    assert.equal(kernel.inspect().pagesInUse, 1);
  }
});

test("sim: F_SETSIG's signal tells of data and an end, SIGURG of an urgent byte", async () => {
  const caller = new Process(new Machine());
  const kernel = new SimKernel({}, caller);
  const told: string[] = [];
  const tell = ({ signal, code, fd }: SignalInfo) => told.push(`${signal} ${code} ${fd}`);
  for (const signal of [f.SIGIO, f.SIGURG, 40]) caller.signals.set(signal, tell);
  const [client, server] = tcp(kernel);
  const taken = async () => {
    await settle();
    return told.splice(0);
  };
  succeeds(kernel.fcntl(server, f.F_SETOWN, caller.pid), 0);
  succeeds(kernel.send(client, text('!'), f.MSG_OOB), 1);
  assert.deepEqual(await taken(), [`${f.SIGURG} ${f.SI_KERNEL} 0`]);
  succeeds(kernel.fcntl(server, f.F_SETSIG, 40), 0);
  succeeds(kernel.fcntl(server, f.F_SETFL, f.O_ASYNC), 0);
  succeeds(kernel.send(client, text('data'), 0), 4);
  assert.deepEqual(await taken(), [`40 ${f.POLL_IN} ${server}`]);
  // An end is told twice: as a change of the connection, and as something to be read.
  succeeds(kernel.close(client), 0);
  assert.deepEqual(await taken(), Array(2).fill(`40 ${f.POLL_IN} ${server}`));
});
