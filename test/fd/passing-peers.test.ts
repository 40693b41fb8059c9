import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { adopt, type Fd, pipe, socketPair } from '../../src/index.js';
import { string, text } from '../helpers/claims.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-passing-'));
after(() => rmSync(folder, { recursive: true }));

const ROUNDS = 500;
const count = (): number => readdirSync('/proc/self/fd').length;

async function read(fd: Fd | undefined): Promise<string> {
  const bytes = new Uint8Array(64);
  return string(bytes.subarray(0, await (fd as Fd).read(bytes)));
}

/** A program with one end of a socket pair as its descriptor 3, and the other end. */
function withPeer(command: string, parameters: readonly string[]): [ChildProcess, Fd] {
  const [left, right] = socketPair();
  const stdio = ['ignore', 'inherit', 'inherit', right] as const;
  const child = spawn(command, parameters, { stdio: [...stdio] });
  right.close();
  return [child, left];
}

test('between two processes: 500 rounds, and neither has a number more than before', async () => {
  const worker = fileURLToPath(new URL('./passing.worker.js', import.meta.url));
  const [child, socket] = withPeer(process.execPath, [worker]);
  const buffer = new Uint8Array(16);
  let before = 0;
  for (let round = 0; round < ROUNDS; round++) {
    if (round === 1) before = count();
    using there = pipe();
    const words = `round ${round}`;
    await socket.sendFds([there.writer], { data: text(words) });
    there.writer.close();
    assert.equal(await read(there.reader), words);
    const { fds, bytes } = await socket.recvFds({ buffer, max: 1 });
    assert.equal(string(buffer.subarray(0, bytes)), words);
    using back = fds[0] as Fd;
    assert.equal(await read(back), words);
  }
  assert.equal(count(), before);
  const exit = once(child, 'exit');
  socket.close();
  assert.deepEqual(await exit, [0, null]);
});

test('a socket of Node on a Unix path is adopted and passes descriptors', async () => {
  const path = join(folder, 'socket');
  const server = createServer({ pauseOnConnect: true }).listen(path);
  await once(server, 'listening');
  const client = connect(path);
  client.on('connect', () => client.pause());
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
  const [near, far] = [adopt(client), adopt(accepted as Socket)];
  const p = pipe();
  await p.writer.write(text('through Node'));
  const receiving = far.recvFds();
  await near.sendFds([p.reader]);
  const { fds } = await receiving;
  assert.equal(await read(fds[0]), 'through Node');
  for (const fd of [near, far, p.reader, p.writer, ...fds]) fd.close();
  client.destroy();
  accepted.destroy();
  server.close();
  await once(server, 'close');
});

/** Sends back what it is sent, bytes and descriptors, and then a pipe of its own. */
const PYTHON = `
import os, socket
peer = socket.socket(fileno=3)
data, fds, flags, address = socket.recv_fds(peer, 64, 8)
socket.send_fds(peer, [data.upper()], fds)
for fd in fds: os.close(fd)
reader, writer = os.pipe()
os.write(writer, b"from Python")
os.close(writer)
socket.send_fds(peer, [b"mine"], [reader])
os.close(reader)
`;
const [python] = ['python3'].filter((name) => {
  return spawnSync(name, ['-c', 'import socket; socket.send_fds']).status === 0;
});

const skip = python === undefined && 'needs Python 3.9 or newer';
test('Python: socket.send_fds and recv_fds are the other end', { skip }, async () => {
  const [child, socket] = withPeer(python as string, ['-c', PYTHON]);
  const exit = once(child, 'exit');
  const p = pipe();
  await p.writer.write(text('from here'));
  await socket.sendFds([p.reader, p.writer], { data: text('two ends') });
  const buffer = new Uint8Array(64);
  const first = await socket.recvFds({ buffer });
  assert.equal(string(buffer.subarray(0, first.bytes)), 'TWO ENDS');
  assert.equal(first.fds.length, 2);
  assert.equal(await read(first.fds[0]), 'from here');
  const second = await socket.recvFds({ buffer });
  assert.equal(string(buffer.subarray(0, second.bytes)), 'mine');
  assert.equal(await read(second.fds[0]), 'from Python');
  assert.deepEqual(await socket.recvFds(), { fds: [], bytes: 0 });
  for (const fd of [socket, p.reader, p.writer, ...first.fds, ...second.fds]) fd.close();
  assert.deepEqual(await exit, [0, null]);
});
