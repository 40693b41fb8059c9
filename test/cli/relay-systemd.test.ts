/** `sluice relay systemd`: listening sockets that were opened before the program began. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { bindTo, localAddress, showAddress } from '../../src/cli/connect.js';
import { PassedSockets } from '../../src/cli/relay/passed.js';
import type { Tally } from '../../src/cli/relay/tally.js';
import type { SocketAddress } from '../../src/kernel/address.js';
import * as f from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { linuxRuntime } from '../../src/node/runtime.js';
import { succeeds } from '../helpers/claims.js';
import { ask, dial, echo, listening, start, where } from './relay-program.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-systemd-'));
const opened: number[] = [];
after(() => {
  for (const fd of opened) linux.close(fd);
  rmSync(folder, { recursive: true });
});

function keep(fd: number): number {
  opened.push(fd);
  return fd;
}

const bound = (address: SocketAddress) => keep(bindTo(linuxRuntime, address, 128));
const byTcp = () => bound({ family: 'inet', address: '127.0.0.1', port: 0 });
const byUnix = (name: string) => bound({ family: 'unix', path: join(folder, name) });
const addressOf = (fd: number) => showAddress(localAddress(linuxRuntime, fd));

/** What systemd says to the process it becomes. */
function passing(count: number | string, names?: string): string {
  const variables = `LISTEN_PID=$$ LISTEN_FDS=${count}`;
  return `export ${variables}${names === undefined ? '' : ` LISTEN_FDNAMES=${names}`};`;
}

test('systemd: all sockets that were passed are listened at, and outlive the program', async () => {
  const server = echo();
  const sockets = [byTcp(), byUnix('a.sock')];
  const program = start(['systemd', await listening(server)], passing(2), sockets);
  for (const fd of sockets) assert.equal(where(await program.line()), addressOf(fd));
  for (const fd of sockets) assert.equal(await ask(addressOf(fd), 'hello'), 'hello');
  assert.equal(await program.end(), 0);
  assert.equal(existsSync(join(folder, 'a.sock')), true);
  const later = dial(addressOf(sockets[0] as number));
  await once(later, 'connect');
  later.destroy();
  server.close();
});

test('systemd:NAME: those of that name, in the order of LISTEN', async () => {
  const server = echo();
  const [web, admin, another] = [byTcp(), byTcp(), byTcp()];
  const program = start(
    ['systemd:admin', 'systemd:web', await listening(server)],
    passing(3, 'web:admin:web'),
    [web, admin, another],
  );
  for (const fd of [admin, web, another]) {
    assert.equal(where(await program.line()), addressOf(fd));
    assert.equal(await ask(addressOf(fd), 'hello'), 'hello');
  }
  assert.equal(await program.end(), 0);
  server.close();
});

test('systemd: what is passed is made non-blocking, and no child inherits it', async () => {
  const server = echo();
  const fd = byTcp();
  assert.equal(succeeds(linux.fcntl(fd, f.F_GETFL)) & f.O_NONBLOCK, 0);
  const program = start(['systemd', await listening(server)], passing(1), [fd]);
  await program.line();
  assert.equal(succeeds(linux.fcntl(fd, f.F_GETFL)) & f.O_NONBLOCK, f.O_NONBLOCK);
  const info = readFileSync(`/proc/${program.child.pid}/fdinfo/3`, 'latin1');
  const flags = Number.parseInt(/^flags:\s*(\d+)$/m.exec(info)?.[1] ?? '', 8);
  assert.equal(flags & f.O_CLOEXEC, f.O_CLOEXEC);
  assert.equal(await program.end(), 0);
  server.close();
});

test('systemd: with --workers all of them accept from the one socket', async () => {
  const server = echo();
  const [tcp, unix] = [byTcp(), byUnix('b.sock')];
  const parameters = ['--workers', '2', '--json', 'systemd', await listening(server)];
  const program = start(parameters, passing(2), [tcp, unix]);
  for (const fd of [tcp, unix]) {
    const { listening: address } = JSON.parse(await program.line()) as { listening: string };
    assert.equal(address, addressOf(fd));
    assert.equal(await ask(address, 'hello'), 'hello');
  }
  const ended = program.end();
  assert.equal((JSON.parse(await program.line()) as Tally).accepted, 2);
  assert.equal(await ended, 0);
  server.close();
});

test('systemd: at SIGTERM what waits in the queue is left to the next process', async () => {
  const server = echo();
  const target = await listening(server);
  const fd = byTcp();
  const one = ['--max-connections', '1', 'systemd', target];
  const first = start(one, passing(1), [fd]);
  await first.line();
  const open = dial(addressOf(fd));
  open.write('x');
  await once(open, 'data');
  const waiting = ask(addressOf(fd), 'waited');
  const ended = first.end();
  while (existsSync(`/proc/${first.child.pid}/fd/3`)) await setImmediate();
  open.end();
  assert.equal(await ended, 0);
  const second = start(one, passing(1), [fd]);
  assert.equal(await waiting, 'waited');
  assert.equal(await second.end(), 0);
  server.close();
});

const socketOf = (type: number) =>
  keep(succeeds(linux.socket(f.AF_INET, type | f.SOCK_CLOEXEC, 0)));
const nothing = () => keep(openSync('/dev/null', 'r'));

const REFUSED: readonly [string, string, string, () => number[], RegExp][] = [
  ['nothing passed', '', 'systemd', () => [], /no socket was passed: LISTEN_FDS is not set/],
  [
    'no process named',
    'export LISTEN_FDS=1;',
    'systemd',
    () => [byTcp()],
    /no socket was passed: LISTEN_PID is not set/,
  ],
  [
    'another process',
    'export LISTEN_PID=1 LISTEN_FDS=1;',
    'systemd',
    () => [byTcp()],
    /the sockets are for process 1 \(LISTEN_PID\), this is \d+/,
  ],
  ['none', passing(0), 'systemd', () => [], /no socket was passed: LISTEN_FDS is '0'/],
  ['no number', passing('x'), 'systemd', () => [], /no socket was passed: LISTEN_FDS is 'x'/],
  ['names', passing(1, 'a:b'), 'systemd', () => [byTcp()], /LISTEN_FDNAMES has 2 names for 1 /],
  [
    'another name',
    passing(2, 'a:b'),
    'systemd:c',
    () => [byTcp(), byTcp()],
    /no socket has this name, only a, b/,
  ],
  ['no name', passing(1), 'systemd:web', () => [byTcp()], /no socket has this name, only unknown/],
  ['a file', passing(1), 'systemd', () => [nothing()], /descriptor 3 is not a socket/],
  [
    'no descriptor',
    passing(90),
    'systemd',
    () => [byTcp()],
    /descriptor \d+ is not (open|a socket)/,
  ],
  [
    'datagrams',
    passing(2),
    'systemd',
    () => [byTcp(), socketOf(f.SOCK_DGRAM)],
    /descriptor 4 is not a stream socket/,
  ],
  [
    'a connection',
    passing(1),
    'systemd',
    () => [socketOf(f.SOCK_STREAM)],
    /descriptor 3 is not listening/,
  ],
];

for (const [what, before, listen, sockets, message] of REFUSED) {
  test(`systemd: refused, ${what}`, async () => {
    const { child } = start([listen, 'tcp:127.0.0.1:1'], before, sockets());
    const said = text(child.stderr as NodeJS.ReadableStream);
    await once(child, 'exit');
    assert.equal(child.exitCode, 1);
    assert.match(await said, new RegExp(`^sluice: relay: ${listen}: ${message.source}`));
  });
}

test('systemd: a socket is listened at once', async () => {
  const parameters = ['systemd:a', 'systemd', 'tcp:127.0.0.1:1'];
  const { child } = start(parameters, passing(1, 'a'), [byTcp()]);
  const said = text(child.stderr as NodeJS.ReadableStream);
  await once(child, 'exit');
  assert.equal(child.exitCode, 1);
  assert.equal(await said, 'sluice: relay: systemd: descriptor 3 is listened at twice\n');
});

test('PassedSockets.read() removes the variables, also where they are for another process', () => {
  const passed = { LISTEN_FDS: '1', LISTEN_FDNAMES: 'a', OTHER: 'stays' };
  const ours = { ...passed, LISTEN_PID: '7' };
  PassedSockets.read(linuxRuntime, ours, 7);
  assert.deepEqual(ours, { OTHER: 'stays' });
  const others = { ...passed, LISTEN_PID: '8' };
  assert.throws(() => PassedSockets.read(linuxRuntime, others, 7), /process 8/);
  assert.deepEqual(others, { OTHER: 'stays' });
});
