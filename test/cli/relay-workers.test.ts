/** `sluice relay --workers` as a program. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Tally } from '../../src/cli/relay/tally.js';
import { ask, dial, echo, listening, type Program, start, where } from './relay-program.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-workers-'));
after(() => rmSync(folder, { recursive: true }));

/** Two hundred, which SO_REUSEPORT spreads by a hash of their ports. */
const MANY = 200;

type Report = Tally & { readonly workers: readonly Tally[] };

async function report(program: Program): Promise<Report> {
  program.child.kill('SIGUSR2');
  return JSON.parse(await program.line()) as Report;
}

/** A connection that the relay has joined with the target: one byte has been there and back. */
async function joined(address: string): Promise<Socket> {
  const socket = dial(address);
  socket.write('x');
  await once(socket, 'data');
  return socket;
}

test('--workers: the connections are spread, and the report is the sum', async () => {
  const server = echo();
  const program = start(['--workers', '2', '--json', 'tcp:127.0.0.1:0', await listening(server)]);
  const { listening: address } = JSON.parse(await program.line()) as { listening: string };
  assert.match(address, /^tcp:127\.0\.0\.1:[1-9]\d*$/);
  const sockets = await Promise.all(Array.from({ length: MANY }, () => joined(address)));
  const { open, accepted, workers } = await report(program);
  assert.deepEqual([open, accepted, workers.length], [MANY, MANY, 2]);
  assert.ok(workers.every((one) => one.accepted > 0));
  assert.equal(workers[0]?.accepted, MANY - (workers[1]?.accepted ?? 0));
  for (const socket of sockets) socket.end('bye');
  const ended = program.end();
  const last = JSON.parse(await program.line()) as Report;
  assert.deepEqual([last.open, last.sent, last.received], [0, 4 * MANY, 4 * MANY]);
  assert.equal(await ended, 0);
  server.close();
});

test('--workers: without --json the report is one line of the sum', async () => {
  const server = echo();
  const program = start(['--workers', '3', 'tcp:127.0.0.1:0', await listening(server)]);
  const address = where(await program.line());
  for (let n = 0; n < 5; n++) assert.equal(await ask(address, 'four'), 'four');
  program.child.kill('SIGUSR2');
  assert.match(await program.line(), /connections open of 5; 20 bytes sent, 20 received;/);
  assert.equal(await program.end(), 0);
  server.close();
});

test('--workers: a Unix socket is one queue for all of them, and its file is removed', async () => {
  const server = echo();
  const path = join(folder, 'shared.sock');
  const program = start(['--workers', '2', `unix:${path}`, await listening(server)]);
  assert.equal(where(await program.line()), `unix:${path}`);
  const asked = Array.from({ length: MANY }, (_, n) => ask(`unix:${path}`, `${n}`));
  assert.deepEqual(await Promise.all(asked), [...Array(MANY).keys()].map(String));
  assert.equal(await program.end(), 0);
  assert.equal(existsSync(path), false);
  server.close();
});

test('--workers: SIGTERM lets the connections of all go on to their end', async () => {
  const server = echo();
  const program = start(['--workers', '2', 'tcp:127.0.0.1:0', await listening(server)]);
  const address = where(await program.line());
  const sockets = await Promise.all(Array.from({ length: 20 }, () => joined(address)));
  program.child.kill('SIGTERM');
  let refused = false;
  while (!refused)
    refused = await ask(address, '').then(
      () => false,
      () => true,
    );
  for (const socket of sockets) {
    socket.end('after');
    assert.equal(await text(socket), 'after');
  }
  await once(program.child, 'exit');
  assert.equal(program.child.exitCode, 0);
  server.close();
});

async function exited({ child }: Program) {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return [child.exitCode, child.signalCode];
}

/** Resolves when the connection is over; libuv shows some resets as an end. */
function over(socket: Socket): Promise<unknown> {
  socket.on('error', () => {}).on('end', () => socket.destroy());
  return new Promise((resolve) => socket.once('close', resolve));
}

test('--workers: a second SIGTERM resets the connections of all, and the end is 0', async () => {
  const server = echo();
  const path = join(folder, 'twice.sock');
  const program = start(['--workers', '2', `unix:${path}`, await listening(server)]);
  const address = where(await program.line());
  const sockets = await Promise.all(Array.from({ length: 20 }, () => joined(address)));
  const closed = sockets.map(over);
  program.child.kill('SIGTERM');
  while (existsSync(path)) await setImmediate();
  program.child.kill('SIGTERM');
  await Promise.all(closed);
  assert.deepEqual(await exited(program), [0, null]);
  server.close();
});

test('--workers: SIGINT resets the connections of all, and is the cause of death', async () => {
  const server = echo();
  const path = join(folder, 'interrupted.sock');
  const listens = ['tcp:127.0.0.1:0', `unix:${path}`];
  const program = start(['--workers', '2', ...listens, await listening(server)]);
  const address = where(await program.line());
  const sockets = await Promise.all(Array.from({ length: 20 }, () => joined(address)));
  const closed = sockets.map(over);
  program.child.kill('SIGINT');
  await Promise.all(closed);
  assert.deepEqual(await exited(program), [null, 'SIGINT']);
  assert.equal(existsSync(path), false);
  server.close();
});

test('--workers: one that dies by an error ends the process with 1, and is named', async () => {
  const server = echo();
  const path = join(folder, 'death.sock');
  const killer = join(folder, 'killer.cjs');
  writeFileSync(
    killer,
    `const { threadId } = require('node:worker_threads');
    const die = () => { throw new Error('bad luck'); };
    if (threadId === 2) process.nextTick(() => setImmediate(die));`,
  );
  const before = `export NODE_OPTIONS='--require ${killer}';`;
  const program = start(['--workers', '2', `unix:${path}`, await listening(server)], before);
  const said = text(program.child.stderr as NodeJS.ReadableStream);
  assert.deepEqual(await exited(program), [1, null]);
  assert.match(await said, /^sluice: relay: worker 2: Error: bad luck\n/);
  assert.equal(existsSync(path), false);
  server.close();
});

test('F8: --workers: without descriptors each connection is served or reset at once', async () => {
  const server = echo();
  const parameters = ['--workers', '2', 'tcp:127.0.0.1:0', await listening(server)];
  const program = start(parameters, 'ulimit -n 90;');
  program.child.stderr?.resume();
  const address = where(await program.line());
  for (let round = 0; round < 4; round++) {
    const sockets = Array.from({ length: 120 }, () => dial(address).on('error', () => {}));
    const heard = sockets.map((socket) => {
      socket.write('x');
      return Promise.race([new Promise((resolve) => socket.once('data', resolve)), over(socket)]);
    });
    await Promise.all(heard);
    const open = sockets.filter((socket) => !socket.destroyed);
    assert.ok(open.length < sockets.length);
    assert.ok(open.length > 0 || round > 0);
    await Promise.all(open.map((socket) => over(socket.destroy())));
  }
  let answer = '';
  while (answer !== 'room') answer = await ask(address, 'room').catch(() => '');
  assert.equal(await program.end(), 0);
  server.close();
});

test('--workers: where one cannot be started nothing is said to listen', async () => {
  const path = join(folder, 'poor.sock');
  const program = start(['--workers', '8', `unix:${path}`, 'tcp:127.0.0.1:1'], 'ulimit -n 40;');
  const said = text(program.child.stderr as NodeJS.ReadableStream);
  assert.equal(await program.line(), 'undefined');
  assert.deepEqual(await exited(program), [1, null]);
  assert.match(await said, /^sluice: relay: worker \d: .*EMFILE/);
  assert.equal(existsSync(path), false);
});

test('all listeners are opened or none: the file of the first is removed', async () => {
  const server = echo();
  const taken = await listening(server);
  const path = join(folder, 'first.sock');
  const program = start(['--workers', '2', `unix:${path}`, taken, 'tcp:127.0.0.1:1']);
  const said = text(program.child.stderr as NodeJS.ReadableStream);
  assert.deepEqual(await exited(program), [1, null]);
  assert.equal(await said, `sluice: relay: ${taken}: Address already in use\n`);
  assert.equal(existsSync(path), false);
  server.close();
});

test('--workers: a second relay hears that the address is in use', async () => {
  const server = echo();
  const target = await listening(server);
  const first = start(['--workers', '2', 'tcp:127.0.0.1:0', target]);
  const address = where(await first.line());
  const second = start(['--workers', '2', address, target]);
  const said = text(second.child.stderr as NodeJS.ReadableStream);
  assert.deepEqual(await exited(second), [1, null]);
  assert.equal(await said, `sluice: relay: ${address}: Address already in use\n`);
  assert.equal(await first.end(), 0);
  server.close();
});

test('SIGTERM: clients that wait to be accepted are served, by one worker and by two', async () => {
  const server = echo();
  const target = await listening(server);
  for (const workers of ['1', '2']) {
    const program = start(['--workers', workers, 'tcp:127.0.0.1:0', target]);
    const address = where(await program.line());
    assert.equal(await ask(address, 'ready'), 'ready');
    program.child.kill('SIGSTOP');
    const sockets = Array.from({ length: 50 }, () => dial(address));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    program.child.kill('SIGTERM');
    program.child.kill('SIGCONT');
    const answers = sockets.map((socket, n) => text(socket.end(`${n}`)));
    assert.deepEqual(await Promise.all(answers), [...sockets.keys()].map(String));
    assert.deepEqual(await exited(program), [0, null]);
  }
  server.close();
});
