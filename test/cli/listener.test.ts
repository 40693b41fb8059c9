/** A listening socket of a relay, without its server. Nothing here waits but where it says so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSocket } from '../../src/cli/connect.js';
import { type Accepting, Listener } from '../../src/cli/relay/listener.js';
import { Reserve } from '../../src/cli/relay/reserve.js';
import { type ListeningSocket, Sockets } from '../../src/cli/relay/sockets.js';
import type { Runtime } from '../../src/fd/runtime.js';
import { Engine } from '../../src/flow/engine.js';
import { encodeAddress, type SocketAddress } from '../../src/kernel/address.js';
import { EAGAIN, EMFILE } from '../../src/kernel/errno.js';
import { fault } from '../../src/kernel/fault.js';
import * as f from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { linuxRuntime } from '../../src/node/runtime.js';
import { failsWith, succeeds } from '../helpers/claims.js';

interface Fixture {
  readonly listener: Listener;
  readonly socket: ListeningSocket;
  /** What came in, and for how many there is room. */
  readonly counts: { accepted: number; turnedAway: number; room: number };
  /** A client whose connection waits in the queue. */
  dial(): void;
  close(): void;
}

async function fixture(
  room: number,
  { passed = false, runtime = linuxRuntime }: { passed?: boolean; runtime?: Runtime } = {},
): Promise<Fixture> {
  const tcp = { kind: 'tcp', host: '127.0.0.1', port: 0, listen: true } as const;
  const { shares, addresses } = await Sockets.open(runtime, [tcp], 1);
  const socket = { ...((shares[0] as ListeningSocket[])[0] as ListeningSocket), passed };
  const port = Number(addresses[0]?.split(':').at(-1));
  const address: SocketAddress = { family: 'inet', address: '127.0.0.1', port };
  const counts = { accepted: 0, turnedAway: 0, room };
  const opened: number[] = [];
  const accepting: Accepting = {
    get open() {
      return counts.accepted < counts.room;
    },
    accepted(fd) {
      opened.push(fd);
      counts.accepted++;
    },
    turnedAway() {
      counts.turnedAway++;
    },
  };
  const reserve = new Reserve(runtime.kernel);
  const listener = new Listener(new Engine(runtime), socket, accepting, reserve);
  return {
    listener,
    socket,
    counts,
    dial() {
      const fd = openSocket(linuxRuntime, address);
      opened.push(fd);
      succeeds(linux.connect(fd, encodeAddress(address)), 0);
    },
    close() {
      listener.close();
      reserve.close();
      for (const fd of opened) succeeds(linux.close(fd), 0);
    },
  };
}

test('Listener.drain() accepts what waits in the queue before it closes', async () => {
  const { listener, counts, dial, close } = await fixture(1000);
  for (let n = 0; n < 100; n++) dial();
  listener.drain();
  assert.equal(counts.accepted, 100);
  assert.throws(dial, /ECONNREFUSED/);
  close();
});

test('Listener.drain() accepts no more than is wanted', async () => {
  const { listener, counts, dial, close } = await fixture(2);
  for (let n = 0; n < 5; n++) dial();
  listener.drain();
  assert.equal(counts.accepted, 2);
  close();
});

test('Listener.drain() leaves the queue of a socket that was passed', async () => {
  const { listener, socket, counts, dial, close } = await fixture(10, { passed: true });
  const theirs = succeeds(linux.fcntl(socket.fd, f.F_DUPFD_CLOEXEC, 0));
  dial();
  listener.drain();
  assert.equal(counts.accepted, 0);
  succeeds(linux.close(succeeds(linux.accept4(theirs, f.SOCK_CLOEXEC, null))), 0);
  failsWith(linux.accept4(theirs, f.SOCK_CLOEXEC, null), EAGAIN);
  succeeds(linux.close(theirs), 0);
  close();
});

test('Listener: without a descriptor and a reserve it tries again after a while', async () => {
  const faults = [1, 2].map((nth) => ({ call: 'accept4', nth, errno: EMFILE }) as const);
  const timers: (() => void)[] = [];
  const clock = {
    ...linuxRuntime.clock,
    timer(_: number, callback: () => void) {
      timers.push(callback);
      return () => {};
    },
  };
  const kernel = fault(linux, { faults });
  const { listener, counts, dial, close } = await fixture(10, {
    runtime: { ...linuxRuntime, kernel, clock },
  });
  dial();
  listener.ready(1, 1);
  assert.deepEqual([counts.accepted, counts.turnedAway, timers.length], [0, 0, 1]);
  timers[0]?.();
  assert.deepEqual([counts.accepted, counts.turnedAway, timers.length], [1, 0, 1]);
  close();
});

test('F8: with a reserve alone each client is turned away at once, then all is quiet', async () => {
  let spare = 0;
  let accepts = 0;
  const kernel = {
    ...linux,
    close(fd: number) {
      spare++;
      return linux.close(fd);
    },
    eventfd(value: number, flags: number) {
      spare--;
      return linux.eventfd(value, flags);
    },
    accept4(...parameters: Parameters<typeof linux.accept4>) {
      accepts++;
      if (spare <= 0) return -EMFILE;
      const fd = linux.accept4(...parameters);
      if (fd >= 0) spare--;
      return fd;
    },
  };
  const { listener, counts, dial, close } = await fixture(100, {
    runtime: { ...linuxRuntime, kernel },
  });
  for (let client = 0; client < 20; client++) dial();
  listener.ready(1, 1);
  assert.deepEqual([counts.accepted, counts.turnedAway], [0, 20]);
  // Two calls for each of them, two that find nobody.
  assert.equal(accepts, 42);
  spare = 1;
  dial();
  listener.ready(1, 1);
  assert.equal(counts.accepted, 1);
  close();
});
