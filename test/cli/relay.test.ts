/** `sluice relay` as a program. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Counts } from '../../src/cli/relay/server.js';
import { ask, dial, echo, listening, start, unanswered, where } from './relay-program.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-relay-'));
after(() => rmSync(folder, { recursive: true }));

test('each listener is printed and joined with the target; SIGTERM ends it with 0', async () => {
  const server = echo();
  const path = join(folder, 'listen.sock');
  const target = await listening(server);
  const program = start(['tcp:127.0.0.1:0', `unix:${path}`, target]);
  const [first, second] = [where(await program.line()), where(await program.line())];
  assert.match(first, /^tcp:127\.0\.0\.1:[1-9]\d*$/);
  assert.equal(second, `unix:${path}`);
  assert.equal(await ask(first, 'by TCP'), 'by TCP');
  assert.equal(await ask(second, 'by a file'), 'by a file');
  assert.equal(await program.end(), 0);
  assert.equal(existsSync(path), false);
  server.close();
});

test('SIGTERM: no more is accepted, what is open goes on to its end', async () => {
  const server = echo();
  const program = start(['tcp:127.0.0.1:0', await listening(server)]);
  const address = where(await program.line());
  const socket = dial(address);
  socket.write('before');
  assert.equal(String((await once(socket, 'data'))[0]), 'before');
  program.child.kill('SIGTERM');
  let refused = false;
  while (!refused) {
    const late = dial(address);
    await once(late, 'connect').catch(() => {
      refused = true;
    });
    late.destroy();
  }
  socket.write('after');
  assert.equal(String((await once(socket, 'data'))[0]), 'after');
  socket.end();
  await once(program.child, 'exit');
  assert.equal(program.child.exitCode, 0);
  server.close();
});

test('SIGINT resets what is open, and is the cause of death', async () => {
  const server = echo();
  const path = join(folder, 'interrupted.sock');
  const program = start(['tcp:127.0.0.1:0', `unix:${path}`, await listening(server)]);
  const socket = dial(where(await program.line()));
  socket.write('x');
  await once(socket, 'data');
  // libuv shows some resets as an end: the client goes on writing until it is told.
  socket.on('error', () => {}).on('end', () => socket.destroy());
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await program.end('SIGINT');
  assert.equal(program.child.signalCode, 'SIGINT');
  await closed;
  assert.equal(existsSync(path), false);
  server.close();
});

test('--json: SIGUSR2 and the end report counts', async () => {
  const server = echo();
  const program = start(['--json', 'tcp:127.0.0.1:0', await listening(server)]);
  const { listening: address } = JSON.parse(await program.line()) as { listening: string };
  assert.equal(await ask(address, 'twelve bytes'), 'twelve bytes');
  program.child.kill('SIGUSR2');
  const report = JSON.parse(await program.line()) as Counts;
  assert.equal(report.accepted, 1);
  assert.equal(report.sent, 12);
  assert.equal(report.received, 12);
  const ended = program.end();
  assert.equal((JSON.parse(await program.line()) as { open: number }).open, 0);
  assert.equal(await ended, 0);
  server.close();
});

test('a target that refuses: the client sees a reset, and the log says why', async () => {
  const server = echo();
  const target = await listening(server);
  server.close();
  const program = start(['tcp:127.0.0.1:0', target]);
  const address = where(await program.line());
  await assert.rejects(ask(address, 'x'), { code: 'ECONNRESET' });
  const [said] = await once(program.child.stderr as NodeJS.ReadableStream, 'data');
  assert.equal(String(said), `sluice: relay: ${target}: Connection refused\n`);
  assert.equal(await program.end(), 0);
});

test('a log that is gone, or full, neither stops nor ends it', async () => {
  const server = echo();
  const target = await listening(server);
  server.close();
  const program = start(['tcp:127.0.0.1:0', target]);
  const address = where(await program.line());
  // libuv shows some resets as an end: either way the answer is none.
  const refused = async () => assert.equal(await ask(address, '').catch(() => ''), '');
  for (let n = 0; n < 1200; n++) await refused();
  program.child.stderr?.destroy();
  for (let n = 0; n < 5; n++) await refused();
  assert.equal(await program.end(), 0);
});

test('--max-connections: one more waits until another has ended', async () => {
  const server = echo();
  const program = start(['--max-connections', '1', 'tcp:127.0.0.1:0', await listening(server)]);
  const address = where(await program.line());
  const first = dial(address);
  first.write('first');
  await once(first, 'data');
  const waiting = dial(address);
  waiting.end('second');
  await once(waiting, 'connect');
  // It is in the queue, and by the time of this answer the relay has looked there.
  first.write('again');
  await once(first, 'data');
  program.child.kill('SIGUSR2');
  assert.match(await program.line(), /^1 connections open of 1;/);
  first.end();
  const [answer] = await once(waiting, 'data');
  assert.equal(String(answer), 'second');
  assert.equal(await program.end(), 0);
  server.close();
});

test('F8: without descriptors connections are reset at once; later there is room', async () => {
  const server = echo();
  const program = start(['tcp:127.0.0.1:0', await listening(server)], 'ulimit -n 64;');
  const address = where(await program.line());
  const sockets = Array.from({ length: 200 }, () => dial(address));
  const answers = sockets.map(async (socket) => {
    socket.write('x');
    const [what] = await Promise.race([
      once(socket, 'data').then(() => ['echo']),
      once(socket, 'close').then(() => ['closed']),
    ]).catch(() => ['closed']);
    return what;
  });
  const kinds = await Promise.all(answers);
  assert.ok(kinds.includes('echo') && kinds.includes('closed'));
  for (const socket of sockets) socket.destroy();
  let answer = '';
  while (answer !== 'room') answer = await ask(address, 'room').catch(() => '');
  assert.equal(await program.end(), 0);
  server.close();
});

test('--proxy-protocol v1: the target learns the address of the client', async () => {
  const server = echo();
  const target = await listening(server);
  const program = start(['--proxy-protocol', 'v1', 'tcp:127.0.0.1:0', target]);
  const address = where(await program.line());
  const port = address.split(':').at(-1);
  const answer = await ask(address, 'hello');
  assert.match(answer, new RegExp(`^PROXY TCP4 127.0.0.1 127.0.0.1 \\d+ ${port}\r\nhello$`));
  assert.equal(await program.end(), 0);
  server.close();
});

test('--idle-timeout resets a connection that rests', async () => {
  const server = echo();
  const program = start(['--idle-timeout', '50ms', 'tcp:127.0.0.1:0', await listening(server)]);
  const socket = dial(where(await program.line()));
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNRESET');
  assert.equal(await program.end(), 0);
  server.close();
});

test('--half-close-timeout resets a connection of which one side has ended', async () => {
  const silent = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {}).resume();
  });
  const options = ['--json', '--half-close-timeout', '50ms'];
  const program = start([...options, 'tcp:127.0.0.1:0', await listening(silent)]);
  const { listening: address } = JSON.parse(await program.line()) as { listening: string };
  const socket = dial(address);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  // libuv shows some resets as an end.
  socket.on('error', () => {}).resume();
  socket.end('x');
  await closed;
  const ended = program.end();
  const { sent, cutOff } = JSON.parse(await program.line()) as { sent: number; cutOff: number };
  assert.deepEqual([sent, cutOff], [1, 1]);
  assert.equal(await ended, 0);
  silent.close();
});

test('--connect-timeout: who does not answer is a reset, and the log says so', async () => {
  const target = unanswered();
  const program = start(['--connect-timeout', '50ms', 'tcp:127.0.0.1:0', target.address]);
  const asking = ask(where(await program.line()), 'x').catch(() => '');
  const [said] = await once(program.child.stderr as NodeJS.ReadableStream, 'data');
  assert.equal(String(said), `sluice: relay: ${target.address}: Connection timed out\n`);
  assert.equal(await asking, '');
  assert.equal(await program.end(), 0);
  target.close();
});

test('what is asked wrongly ends with 2', async () => {
  for (const parameters of [
    ['tcp:127.0.0.1:0'],
    ['file', 'tcp:127.0.0.1:1'],
    ['tcp:127.0.0.1:0', 'tcp:127.0.0.1:0'],
    ['--idle-timeout', '5', 'tcp:127.0.0.1:0', 'tcp:127.0.0.1:1'],
    ['--max-connections', '0', 'tcp:127.0.0.1:0', 'tcp:127.0.0.1:1'],
  ]) {
    const { child } = start(parameters);
    await once(child, 'exit');
    assert.equal(child.exitCode, 2, parameters.join(' '));
  }
});
