import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { get } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import * as f from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { pattern, succeeds } from '../helpers/claims.js';
import { NEEDS_IPV6 } from '../helpers/sockets.js';
import { all, line, MAIN, outcome, run, start } from './program.js';
import { makeFolder, until } from './site.js';

const CONTENT = pattern(500_000);

test('sluice --help and --version', async (t) => {
  const help = await run(t, ['--help']);
  assert.deepEqual([help.code, help.stderr], [0, '']);
  assert.match(help.stdout, /^Usage: sluice .*copy .*serve /s);
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  assert.deepEqual(await run(t, ['--version']), {
    code: 0,
    signal: null,
    stdout: `${version}\n`,
    stderr: '',
  });
});

const REFUSED: readonly [string[], number, RegExp][] = [
  [[], 2, /^Usage: sluice/],
  [['bogus'], 2, /^sluice: unknown command 'bogus'\n/],
  [['--bogus'], 2, /^sluice: unknown option '--bogus'\n/],
  [['copy'], 2, /^sluice: copy: missing required argument 'SRC'\n/],
  [['copy', 'a'], 2, /^sluice: copy: missing required argument 'DST'\n/],
  [['copy', 'a', 'b', 'c'], 2, /^sluice: copy: too many arguments: 3 instead of 2\n/],
  [['copy', '--bogus', 'a', 'b'], 2, /^sluice: copy: unknown option '--bogus'\n/],
  [['copy', 'tcp:x', 'b'], 2, /^sluice: copy: 'tcp:x' is not tcp:HOST:PORT\nTry/],
  [
    ['copy', '--limit', '5x', 'a', 'b'],
    2,
    /^sluice: copy: --limit: '5x' is no number of bytes: 4096, /,
  ],
  [
    ['copy', '--idle-timeout', '5', 'a', 'b'],
    2,
    /^sluice: copy: --idle-timeout: '5' is no duration: /,
  ],
  [['copy', '', 'b'], 2, /^sluice: copy: an empty name is no file\nTry/],
  [['copy', 'none', 'b'], 1, /^sluice: copy: none: No such file or directory\n$/],
  [['copy', 'a', 'none/b'], 1, /^sluice: copy: none\/b: No such file or directory\n$/],
  [['copy', 'folder', 'b'], 1, /^sluice: copy: folder: Is a directory\n$/],
  [['copy', 'a', 'folder'], 1, /^sluice: copy: folder: Is a directory\n$/],
  [['copy', 'a', 'a'], 1, /^sluice: copy: 'a' and 'a' are the same file\n$/],
  [['copy', 'a', 'link'], 1, /^sluice: copy: 'a' and 'link' are the same file\n$/],
  [['copy', 'a', 'tcp:127.0.0.1:1'], 1, /^sluice: copy: tcp:127\.0\.0\.1:1: Connection refused\n$/],
  [['copy', 'unix:none', 'b'], 1, /^sluice: copy: unix:none: No such file or directory\n$/],
  [['copy', 'unix:a', 'b'], 1, /^sluice: copy: unix:a: Connection refused\n$/],
  [['copy', 'a', 'unix-listen:a'], 1, /^sluice: copy: unix-listen:a: Address already in use\n$/],
  [
    ['copy', 'a', '/dev/full'],
    1,
    /'a' to '\/dev\/full': No space left on device, after 0 bytes\n$/,
  ],
  [['serve', 'none'], 1, /^sluice: serve: none: No such file or directory\n$/],
  [['serve', 'a'], 1, /^sluice: serve: a: Not a directory\n$/],
  [['serve', 'a', 'b'], 2, /^sluice: serve: too many arguments/],
  [['serve', '--port', '65536'], 2, /^sluice: serve: --port: '65536' is no port: /],
  [['serve', ''], 2, /^sluice: serve: an empty name is no folder\n/],
  [['serve', '--host', ''], 2, /^sluice: serve: --host: an empty name is no address\n/],
  [['serve', '--port'], 2, /^sluice: serve: .*argument missing\n/],
  [['serve', '--host', '127.0.0.1:80'], 2, /^sluice: serve: --host: .* is no address/],
  [['relay'], 2, /^sluice: relay: give LISTEN and TARGET\n/],
  [['relay', 'tcp:127.0.0.1:0'], 2, /^sluice: relay: give LISTEN and TARGET\n/],
  [
    ['relay', 'a', 'tcp:a:1'],
    2,
    /^sluice: relay: 'a' is none of tcp:HOST:PORT, unix:PATH, systemd /,
  ],
  [['relay', 'tcp:a:0', 'b'], 2, /^sluice: relay: 'b' is neither tcp:HOST:PORT nor unix:PATH\n/],
  [['relay', 'systemd:', 'tcp:a:1'], 2, /^sluice: relay: 'systemd:' has no name\n/],
  [['relay', 'tcp:a:0', 'systemd'], 2, /^sluice: relay: 'systemd' is neither /],
  [
    ['relay', '--workers', '0'],
    2,
    /^sluice: relay: --workers: '0' is no whole number from 1 to 256/,
  ],
  [['relay', '--workers', '-1'], 2, /^sluice: relay: --workers: '-1' is no whole number from 1 /],
  [['relay', '--workers', 'x'], 2, /^sluice: relay: --workers: 'x' is no whole number from 1 /],
  [['relay', '--workers', '257'], 2, /^sluice: relay: --workers: '257' is no whole number from 1 /],
  [
    ['relay', '--workers', '3', '--max-connections', '2', 'tcp:127.0.0.1:0', 'tcp:127.0.0.1:1'],
    2,
    /^sluice: relay: --max-connections: less than one connection for each worker\n/,
  ],
  [['relay', 'tcp:[::1]:0', 'tcp-listen:a:1'], 2, /^sluice: relay: 'tcp-listen:a:1' is neither /],
  [['relay', 'tcp:a:0', 'tcp:b:0'], 2, /^sluice: relay: 'tcp:b:0': '0' is no port: .* from 1 /],
  [['relay', 'tcp:a:x', 'tcp:b:1'], 2, /^sluice: relay: 'tcp:a:x': 'x' is no port: .* from 0 /],
  [['relay', '--proxy-protocol', 'v3'], 2, /^sluice: relay: --proxy-protocol: 'v3' is none of v1/],
  [['relay', '--max-connections', '0'], 2, /^sluice: relay: --max-connections: '0' is no whole /],
  [['relay', 'tcp:[2001:db8::1]:1', 'tcp:b:1'], 1, /^sluice: relay: tcp:\[2001:db8::1\]:1: /],
  [['tee', '--output-error=bad'], 2, /^sluice: tee: --output-error: 'bad' is none of warn, /],
  [['serve', '--host', '192.0.2.1'], 1, /^sluice: serve: 192\.0\.2\.1:8080: Cannot assign/],
];

for (const [parameters, code, message] of REFUSED) {
  test(`sluice ${parameters.join(' ')} is refused`, async (t) => {
    const folder = makeFolder(t, { a: CONTENT, 'folder/x': '' });
    symlinkSync('a', join(folder, 'link'));
    const refused = await run(t, parameters, folder);
    assert.match(refused.stderr, message);
    if (code === 2 && parameters.length > 0) {
      const words = /^[-b]/.test(parameters[0] as string) ? 'sluice' : `sluice ${parameters[0]}`;
      assert.ok(refused.stderr.endsWith(`\nTry '${words} --help'.\n`), refused.stderr);
    }
    assert.deepEqual([refused.code, refused.stdout], [code, '']);
    assert.ok(readFileSync(join(folder, 'a')).equals(CONTENT));
  });
}

test('sluice copy says what it may not read', () => {
  const command = ['copy', '/etc/shadow', '/dev/null'];
  // Root may read everything: it becomes another user for this.
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const options = { cwd: '/', encoding: 'utf8', ...user } as const;
  const { status, stderr } = spawnSync(process.execPath, [MAIN, ...command], options);
  assert.deepEqual([status, stderr], [1, 'sluice: copy: /etc/shadow: Permission denied\n']);
});

test('sluice copy replaces a file, and --json says how', async (t) => {
  const folder = makeFolder(t, { a: CONTENT, b: pattern(CONTENT.length + 100, 2) });
  const { code, stdout, stderr } = await run(t, ['copy', '--json', 'a', 'b'], folder);
  assert.deepEqual([code, stderr, stdout.split('\n').length], [0, '', 2]);
  const { durationMs, ...rest } = JSON.parse(stdout);
  assert.deepEqual(rest, { bytes: CONTENT.length, method: 'copy_file_range' });
  assert.equal(typeof durationMs, 'number');
  assert.ok(readFileSync(join(folder, 'b')).equals(CONTENT));
});

test('sluice copy --offset and --limit copy that part, or what there is of it', async (t) => {
  const folder = makeFolder(t, { a: CONTENT });
  for (const [offset, limit] of [
    [0, 10],
    [499_990, 100],
    [5, 400_000],
    [600_000, 1],
  ] as const) {
    const options = ['--offset', `${offset}`, '--limit', `${limit}`];
    const { code, stderr } = await run(t, ['copy', ...options, 'a', 'b'], folder);
    assert.deepEqual([code, stderr], [0, '']);
    const expected = CONTENT.subarray(offset, offset + limit);
    assert.ok(readFileSync(join(folder, 'b')).equals(expected));
  }
});

test('sluice copy --idle-timeout ends a copy whose source has stopped', async (t) => {
  const child = start(t, ['copy', '--idle-timeout', '50ms', '-', '-'], '/');
  child.stdin?.write('some');
  const { code, stdout, stderr } = await outcome(child);
  assert.deepEqual([code, stdout], [1, 'some']);
  assert.equal(stderr, "sluice: copy: '-' to '-': no byte moved for 50 ms, after 4 bytes\n");
});

test('sluice copy makes a file that is not there, and says nothing', async (t) => {
  const folder = makeFolder(t, { a: CONTENT });
  const { code, stdout, stderr } = await run(t, ['copy', 'a', 'new'], folder);
  assert.deepEqual([code, stdout, stderr], [0, '', '']);
  assert.ok(readFileSync(join(folder, 'new')).equals(CONTENT));
  assert.equal(statSync(join(folder, 'new')).mode & 0o111, 0);
});

test('sluice copy - - joins two pipes, and --json goes to stderr', async (t) => {
  const child = start(t, ['copy', '--json', '-', '-'], '/');
  child.stdin?.end(CONTENT);
  const { code, stdout, stderr } = await outcome(child);
  assert.equal(code, 0);
  assert.ok(Buffer.from(stdout, 'latin1').equals(CONTENT));
  assert.equal(JSON.parse(stderr).bytes, CONTENT.length);
});

test('sluice copy to a redirected stdout writes where it stands', async (t) => {
  const folder = makeFolder(t, { a: 'second', out: 'first ' });
  for (const flags of ['a', 'r+']) {
    const out = openSync(join(folder, 'out'), flags);
    const { code } = await run(t, ['copy', 'a', '-'], folder, ['ignore', out, 'inherit']);
    closeSync(out);
    assert.equal(code, 0);
  }
  assert.equal(readFileSync(join(folder, 'out'), 'utf8'), 'secondsecond');
});

test('sluice copy by tcp: and tcp-listen:, port 0 and all', async (t) => {
  const folder = makeFolder(t, { a: CONTENT });
  const receiver = start(t, ['copy', 'tcp-listen:127.0.0.1:0', 'b'], folder);
  const address = await line(receiver.stderr as Readable, /listening on (tcp:\S+)\n/);
  const received = outcome(receiver);
  const sent = await run(t, ['copy', '--json', 'a', address], folder);
  assert.deepEqual([sent.code, sent.stderr, JSON.parse(sent.stdout).method], [0, '', 'sendfile']);
  assert.equal((await received).code, 0);
  assert.ok(readFileSync(join(folder, 'b')).equals(CONTENT));
});

test('sluice copy by unix: and unix-listen:, whose name goes away', async (t) => {
  const folder = makeFolder(t, { a: CONTENT });
  const sender = start(t, ['copy', 'a', 'unix-listen:socket'], folder);
  await line(sender.stderr as Readable, /listening on (unix:\S+)\n/);
  const sent = outcome(sender);
  const received = await run(t, ['copy', '--json', 'unix:socket', 'b'], folder);
  assert.equal(JSON.parse(received.stdout).method, 'splice-pipe');
  assert.equal((await sent).code, 0);
  assert.ok(readFileSync(join(folder, 'b')).equals(CONTENT));
  assert.equal(existsSync(join(folder, 'socket')), false);
});

test('sluice copy by unix-listen: does not miss a name that somebody else took away', async (t) => {
  const folder = makeFolder(t, { a: CONTENT });
  const sender = start(t, ['copy', 'a', 'unix-listen:socket'], folder);
  await line(sender.stderr as Readable, /listening on (unix:\S+)\n/);
  renameSync(join(folder, 'socket'), join(folder, 'renamed'));
  const sent = outcome(sender);
  assert.equal((await run(t, ['copy', 'unix:renamed', 'b'], folder)).code, 0);
  assert.equal((await sent).code, 0);
  assert.ok(readFileSync(join(folder, 'b')).equals(CONTENT));
});

test('sluice copy from a FIFO waits for its writer', async (t) => {
  const folder = makeFolder(t, {});
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  const copying = run(t, ['copy', 'fifo', 'b'], folder);
  const writer = openSync(join(folder, 'fifo'), 'w');
  appendFileSync(writer, CONTENT);
  closeSync(writer);
  assert.equal((await copying).code, 0);
  assert.ok(readFileSync(join(folder, 'b')).equals(CONTENT));
});

test('sluice copy to a reader that goes away is quiet: 141', async (t) => {
  const folder = makeFolder(t, { a: pattern(8_000_000) });
  const child = start(t, ['copy', 'a', '-'], folder, ['ignore', 'pipe', 'pipe']);
  await once(child.stdout as Readable, 'readable');
  child.stdout?.destroy();
  const [stderr, [code]] = await Promise.all([all(child.stderr), once(child, 'close')]);
  assert.deepEqual([code, stderr], [141, '']);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`sluice copy dies of ${signal}, and tidies up first`, async (t) => {
    const folder = makeFolder(t, {});
    const child = start(t, ['copy', 'unix-listen:socket', 'b'], folder);
    await line(child.stderr as Readable, /listening on (unix:\S+)\n/);
    child.kill(signal);
    const { code, signal: death } = await outcome(child);
    assert.deepEqual([code, death], [null, signal]);
    assert.equal(existsSync(join(folder, 'socket')), false);
  });
}

for (const [signal, status] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const]) {
  test(`sluice serve ends by ${signal} itself, as a container's first process must`, async (t) => {
    const child = start(t, ['serve', '--port', '0'], makeFolder(t, {}));
    await line(child.stdout as Readable, /^Serving (\S+)/);
    child.kill(signal);
    assert.equal((await outcome(child)).code, status);
  });
}

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`F5: the shell's pipes are as they were when ${signal} ends a copy`, async (t) => {
    const fds = new Int32Array(4);
    succeeds(linux.pipe2(f.O_CLOEXEC, fds.subarray(0, 2)), 0);
    succeeds(linux.pipe2(f.O_CLOEXEC, fds.subarray(2)), 0);
    t.after(() => fds.forEach((fd) => void linux.close(fd)));
    const [reader, writer, out, into] = fds as unknown as [number, number, number, number];
    const child = start(t, ['copy', '-', '-'], '/', [reader, into, 'inherit']);
    succeeds(linux.write(writer, Buffer.from('x')), 1);
    const arrived = new Int32Array(1);
    await until(() => linux.ioctl(out, f.FIONREAD, arrived) === 0 && arrived[0] === 1);
    child.kill(signal);
    await once(child, 'close');
    for (const fd of [reader, into]) assert.equal(linux.fcntl(fd, f.F_GETFL) & f.O_NONBLOCK, 0);
  });
}

const script = (() => {
  try {
    execFileSync('script', ['--version']);
    return false;
  } catch {
    return 'needs script (util-linux)';
  }
})();

test('sluice copy shows its progress on a terminal', { skip: script }, async (t) => {
  const folder = makeFolder(t, { a: CONTENT });
  const command = `'${process.execPath}' '${MAIN}' copy a b`;
  const options = ['-qec', command, '/dev/null'];
  const child = spawn('script', options, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const { code, stdout } = await outcome(child);
  assert.equal(code, 0);
  assert.match(stdout, /\[=+\] 100% {2}488 KiB of 488 KiB {2}.*\/s {2}00:00 left/);
  const [hidden, shown] = [stdout.lastIndexOf('\x1b[?25l'), stdout.lastIndexOf('\x1b[?25h')];
  assert.ok(shown > hidden, 'the cursor is there again');
});

async function fetchText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => resolve(text(response))).on('error', reject);
  });
}

async function startServe(t: TestContext, parameters: string[], folder: string): Promise<string> {
  const child = start(t, ['serve', ...parameters], folder, ['ignore', 'pipe', 'inherit']);
  return line(child.stdout as Readable, /^Serving .* at (http:\/\/\S+\/)\n/);
}

test('sluice serve serves the folder it stands in, and prints where', async (t) => {
  const folder = makeFolder(t, { 'index.html': '<p>home' });
  const url = await startServe(t, ['--port', '0'], folder);
  assert.match(url, /^http:\/\/127\.0\.0\.1:[1-9]\d*\/$/);
  assert.equal(await fetchText(url), '<p>home');
});

test('sluice serve --host takes an IPv6 address as a URL has it', {
  skip: NEEDS_IPV6,
}, async (t) => {
  const folder = makeFolder(t, { 'index.html': '<p>home' });
  const url = await startServe(t, ['--port', '0', '--host', '[::1]'], folder);
  assert.match(url, /^http:\/\/\[::1\]:[1-9]\d*\/$/);
  assert.equal(await fetchText(url), '<p>home');
});

test('sluice serve DIR --host ::1 prints an address that works', async (t) => {
  const folder = makeFolder(t, { 'site/a.txt': 'here' });
  const url = await startServe(t, ['site', '--port', '0', '--host', '::1'], folder);
  assert.match(url, /^http:\/\/\[::1\]:/);
  assert.equal(await fetchText(`${url}a.txt`), 'here');
});

async function occupy(t: TestContext, port: number): Promise<number> {
  const server = createServer();
  const listening = once(server, 'listening').catch(() => {});
  server.listen(port, '127.0.0.1').on('error', () => {});
  await listening;
  t.after(() => server.close());
  return (server.address() as AddressInfo | null)?.port ?? port;
}

test('sluice serve on a port that is taken says so', async (t) => {
  const port = await occupy(t, 0);
  const { code, stderr } = await run(t, ['serve', '--port', `${port}`]);
  const message = `sluice: serve: 127.0.0.1:${port}: Address already in use\n`;
  assert.deepEqual([code, stderr], [1, message]);
});

test('sluice serve takes a free port where the usual one is taken', async (t) => {
  await occupy(t, 8080);
  const folder = makeFolder(t, { 'a.txt': 'here' });
  const url = await startServe(t, [], folder);
  assert.doesNotMatch(url, /:8080\//);
  assert.equal(await fetchText(`${url}a.txt`), 'here');
});
