/**
 * F5: O_NONBLOCK belongs to the description that the shell shares with us. Whatever a program does
 * with an inherited terminal or pipe, and however it dies, the flags are afterwards what they were.
 */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const INDEX = new URL('../../src/index.js', import.meta.url).href;

/** The parent: a terminal and two pipes, F_GETFL of each before and after the child. */
const PARENT = `
import fcntl, json, os, pty, resource, signal, subprocess, sys
way = sys.argv[2]
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
master, terminal = pty.openpty()
given_out, given_in = os.pipe()
taken_out, taken_in = os.pipe()
shared = {'terminal': terminal, 'input': given_out, 'output': taken_in}
flags = lambda: {name: fcntl.fcntl(fd, fcntl.F_GETFL) for name, fd in shared.items()}
before = flags()
child = subprocess.Popen(
    [sys.argv[1], '--input-type=module', '-e', sys.argv[3], way, str(given_out), str(taken_in)],
    stdin=terminal, stdout=terminal, stderr=terminal, pass_fds=(given_out, taken_in))
ready = os.read(taken_out, 5)
if way in ('SIGTERM', 'SIGKILL'):
    child.send_signal(getattr(signal, way))
status = child.wait()
print(json.dumps({'before': before, 'after': flags(), 'ready': ready.decode(), 'status': status}))
`;

/** The child: reads of the terminal and the pipe wait while it dies. */
const CHILD = `
import { adopt, readable, writable } from '${INDEX}';
const [way, input, output] = process.argv.slice(1);
readable(adopt({ fd: 0 })).resume();
adopt({ fd: Number(input) }).read(new Uint8Array(1));
writable(adopt({ fd: 1 })).write('to the terminal');
await adopt({ fd: Number(output) }).write(Buffer.from('ready'));
if (way === 'exit') process.exit(0);
if (way === 'abort') process.abort();
if (way === 'uncaught') setImmediate(() => { throw new Error('uncaught'); });
`;

/** As subprocess has it: an exit code, or minus the signal. */
const DEATHS = { exit: 0, SIGTERM: -15, SIGKILL: -9, abort: -6, uncaught: 1 } as const;

const python = spawnSync('python3', ['-c', 'import pty']).status === 0;

for (const [way, expected] of Object.entries(DEATHS)) {
  const skip = python ? false : 'needs python3';
  test(`F5: an inherited terminal or pipe keeps its flags over ${way}`, { skip }, async () => {
    const parameters = ['-c', PARENT, process.execPath, way, CHILD];
    const { stdout } = await run('python3', parameters, { timeout: 20_000 });
    const { before, after, ready, status } = JSON.parse(stdout);
    assert.equal(ready, 'ready');
    assert.equal(status, expected);
    assert.deepEqual(after, before);
  });
}
