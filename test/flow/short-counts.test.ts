/** Z11b: a call may move fewer bytes than it was asked for, at any time and without a sign. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Fd } from '../../src/fd/fd.js';
import type { CallName } from '../../src/kernel/fault.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { linux } from '../../src/kernel/linux.js';
import { shorten } from '../../src/kernel/shorten.js';
import { realClock } from '../../src/node/clock.js';
import { linuxRuntime } from '../../src/node/runtime.js';
import { createRuntime, type Functions } from '../../src/sim.js';
import { pattern, succeeds } from '../helpers/claims.js';
import { connected, receiveAll, send } from '../helpers/connections.js';
import { diskFile, memfd } from './copy/ends.js';

/** Every size up to a page, then one in each page at another place of it, up to a pipe's. */
const SIZES = [
  ...Array.from({ length: 4096 }, (_, n) => n + 1),
  ...Array.from({ length: 1000 }, (_, n) => 4097 + 61 * n),
];
const CONTENT = Buffer.alloc(
  SIZES.reduce((sum, size) => sum + size, 5000),
  pattern(99_991),
);

/** The calls of this name move these sizes, one after the other, and then what they are asked. */
function shortening(call: CallName): { functions: Functions; left(): number } {
  let at = 0;
  const next = (parameters: readonly unknown[]) => {
    const size = SIZES[at++];
    return size === undefined ? [...parameters] : shorten(call, parameters, size);
  };
  const made = linux[call] as (...parameters: unknown[]) => number;
  const kernel: Kernel = {
    ...linux,
    [call]: (...parameters: unknown[]) => made(...next(parameters)),
    offload: (name, parameters, done) => {
      const actual = name === call ? next(parameters) : parameters;
      return linux.offload(name, actual as typeof parameters, done);
    },
  };
  const functions = createRuntime({ kernel, clock: realClock });
  return { functions, left: () => Math.max(SIZES.length - at, 0) };
}

interface Case {
  readonly name: string;
  readonly call: CallName;
  /** Small pieces are no flood, and go another way. */
  readonly gives?: true;
  run(functions: Functions, t: TestContext): Promise<Uint8Array>;
}

async function throughCopy(functions: Functions, source: Fd | number): Promise<Uint8Array> {
  const [target, reader] = connected('unix');
  const [arrived, { bytes }] = await Promise.all([
    receiveAll(reader),
    functions.copy(source, target, { closeTarget: true }),
  ]);
  assert.equal(bytes, CONTENT.length);
  reader.close();
  return arrived;
}

/** What is written into it comes from the other end, from a peer that calls nothing shortened. */
function fedPipe({ pipe }: Functions): Fd {
  const { reader, writer } = pipe();
  feed(new Fd(linuxRuntime, writer.release()));
  return reader;
}

function fedSocket(): Fd {
  const [source, feeder] = connected('unix');
  feed(feeder);
  return source;
}

async function feed(fd: Fd): Promise<void> {
  await send(fd, CONTENT);
  fd.close();
}

async function toFile({ copy }: Functions, source: Fd | number, target: number) {
  assert.equal((await copy(source, target)).bytes, CONTENT.length);
  const bytes = new Uint8Array(CONTENT.length + 1);
  return bytes.subarray(0, succeeds(linux.pread(target, bytes, 0)));
}

/** Of Unix sockets: a read of TCP that is short has taken everything, and the relay knows it. */
async function throughRelay({ relay, adopt }: Functions): Promise<Uint8Array> {
  const [[client, front], [back, server]] = [connected('unix'), connected('unix')];
  const result = relay(adopt(front.release()), adopt(back.release()));
  const [arrived] = await Promise.all([receiveAll(server), feed(client)]);
  server.close();
  assert.equal((await result).sent, CONTENT.length);
  return arrived;
}

async function throughFd({ pipe }: Functions): Promise<Uint8Array> {
  const { reader, writer } = pipe();
  const [arrived] = await Promise.all([receiveAll(reader), feed(writer)]);
  reader.close();
  return arrived;
}

async function throughTee(functions: Functions, source: Fd): Promise<Uint8Array> {
  const targets = [functions.pipe(), functions.pipe()];
  const readers = targets.map(({ reader }) => new Fd(linuxRuntime, reader.release()));
  const writers = targets.map(({ writer }) => writer);
  const teeing = functions.tee(source, writers).then(() => {
    for (const writer of writers) writer.close();
  });
  const [first, second] = await Promise.all([...readers.map((fd) => receiveAll(fd)), teeing]);
  for (const reader of readers) reader.close();
  assert.ok(Buffer.from(second as Uint8Array).equals(CONTENT));
  source.close();
  return first as Uint8Array;
}

const CASES: readonly Case[] = [
  {
    name: 'sendfile to a socket',
    call: 'sendfile',
    run: (functions, t) => throughCopy(functions, memfd(t, CONTENT)),
  },
  {
    name: 'copy_file_range between files',
    call: 'copy_file_range',
    run: (functions, t) => toFile(functions, diskFile(t, CONTENT), diskFile(t, new Uint8Array())),
  },
  {
    name: 'splice from a pipe to a socket',
    call: 'splice',
    run: (functions) => throughCopy(functions, fedPipe(functions)),
  },
  {
    name: 'splice from socket to socket',
    call: 'splice',
    run: (functions) => throughCopy(functions, fedSocket()),
  },
  { name: 'splice in a relay', call: 'splice', gives: true, run: throughRelay },
  { name: 'recv in a relay', call: 'recv', run: throughRelay },
  { name: 'send in a relay', call: 'send', gives: true, run: throughRelay },
  {
    name: 'tee from a pipe',
    call: 'tee',
    run: (functions) => throughTee(functions, fedPipe(functions)),
  },
  {
    name: 'splice in a tee from a socket',
    call: 'splice',
    run: (functions) => throughTee(functions, fedSocket()),
  },
  { name: 'read of an Fd', call: 'preadv2', run: throughFd },
  { name: 'write of an Fd', call: 'pwritev2', run: throughFd },
];

for (const { name, call, gives, run } of CASES) {
  test(`Z11b: ${name}, short by every size`, async (t) => {
    const { functions, left } = shortening(call);
    const arrived = await run(functions, t);
    assert.ok(Buffer.from(arrived).equals(CONTENT));
    assert.ok(gives ? left() < SIZES.length : left() === 0, `${left()} sizes left`);
  });
}
