import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Transform } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';

let folder: string;
let server: ChildProcess;
let echo: number;
let sink: number;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-verify-'));
  for (const name of ['bench/load', 'bench/copy', 'test/bench/pattern']) {
    const flags = ['-O3', '-std=c11', '-Wall', '-Wextra', '-Werror'];
    const output = join(folder, basename(name));
    execFileSync(process.env.CC ?? 'cc', [...flags, `${name}.c`, '-o', output]);
  }
});

after(() => rmSync(folder, { recursive: true }));

/** Runs the body beside a load server of its own, which ends itself at a wrong byte. */
async function served(body: () => Promise<void>): Promise<void> {
  server = spawn(join(folder, 'load'), ['serve'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(server, 'exit');
  try {
    const [printed] = await once(server.stdout as NodeJS.ReadableStream, 'data');
    [echo, sink] = String(printed).split(' ').map(Number) as [number, number];
    await body();
  } finally {
    server.kill();
    await ended;
  }
}

test('pattern: a piece of any start and length holds, and with any bit flipped it does not', () => {
  const { status, stdout } = spawnSync(join(folder, 'pattern'), { encoding: 'utf8' });
  assert.equal(stdout, '');
  assert.equal(status, 0);
});

type Change = (chunk: Buffer) => Buffer;

/** A relay that changes the first chunk of some length that goes to the target. */
async function wrong(target: number, change: Change): Promise<Server> {
  let changed = false;
  const relay = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    const changing = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const now = !changed && chunk.length > 40;
        changed ||= now;
        done(null, now ? change(chunk) : chunk);
      },
    });
    client.pipe(changing).pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      socket.on('error', () => {
        client.destroy();
        upstream.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return relay;
}

/** The exit code of a load through a relay that makes this change. */
async function through(target: number, change: Change, ...words: string[]): Promise<number> {
  const relay = await wrong(target, change);
  const { port } = relay.address() as AddressInfo;
  const [kind = '', ...sizes] = words;
  const load = spawn(join(folder, 'load'), [kind, `${port}`, ...sizes], { stdio: 'ignore' });
  const [code] = await once(load, 'exit');
  relay.close();
  return code;
}

const flipped: Change = (chunk) => {
  const other = Buffer.from(chunk);
  other[37] = (other[37] as number) ^ 0x40;
  return other;
};

const CHANGES: Readonly<Record<string, Change>> = {
  'one bit is flipped': flipped,
  'one byte is lost': (chunk) => Buffer.concat([chunk.subarray(0, 21), chunk.subarray(22)]),
  'one byte is doubled': (chunk) => Buffer.concat([chunk.subarray(0, 22), chunk.subarray(21)]),
  'two words change places': (chunk) => {
    const [first, second] = [chunk.subarray(16, 24), chunk.subarray(24, 32)];
    return Buffer.concat([chunk.subarray(0, 16), second, first, chunk.subarray(32)]);
  },
  'the last byte is lost': (chunk) => chunk.subarray(0, -1),
};

for (const [what, change] of Object.entries(CHANGES)) {
  test(`bulk: ${what}, and the run fails`, () =>
    served(async () => assert.equal(await through(sink, change, 'bulk', '1'), 1)));
}

test('flood: one bit of one connection is flipped, and the run fails', () =>
  served(async () => assert.equal(await through(sink, flipped, 'flood', '1', '3'), 1)));

test('requests and pingpong: one bit of an answer is flipped, and the run fails', () =>
  served(async () => {
    assert.equal(await through(echo, flipped, 'requests', '2', '20'), 1);
    assert.equal(await through(echo, flipped, 'connections', '2', '20'), 1);
    assert.equal(await through(echo, flipped, 'pingpong', '5'), 1);
  }));

test('what is right passes, in chunks of any length', () =>
  served(async () => {
    const same: Change = (chunk) => chunk;
    assert.equal(await through(sink, same, 'bulk', '1'), 0);
    assert.equal(await through(sink, same, 'flood', '1', '3'), 0);
    assert.equal(await through(echo, same, 'requests', '2', '20'), 0);
    assert.equal(await through(echo, same, 'pingpong', '5'), 0);
  }));

test('copy check: a wrong byte, one too few and one too many fail, all is passed', async () => {
  const copy = join(folder, 'copy');
  const making = spawn(copy, ['make', '262144'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const content = Buffer.from(await text(making.stdout.setEncoding('latin1')), 'latin1');
  const check = (input: Buffer) => spawnSync(copy, ['check', '262144'], { input }).status;
  assert.equal(check(content), 0);
  assert.equal(check(flipped(content)), 1);
  assert.equal(check(content.subarray(0, -1)), 1);
  assert.equal(check(Buffer.concat([content, Buffer.alloc(1)])), 1);
});
