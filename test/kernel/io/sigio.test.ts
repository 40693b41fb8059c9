import assert from 'node:assert/strict';
import { EINVAL } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, string, succeeds, text } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';
import type { TestProcess } from '../../helpers/process.js';
import { fill } from '../../helpers/transfer.js';

/** A real-time signal that nothing else here uses. */
const REAL_TIME = 40;
const { SIGIO, SIGURG } = f;

/**
 * Has the description send its signals to this process, or to a group where the number is negative.
 */
function sendTo({ kernel }: Subject, fd: number, owner: number): void {
  succeeds(kernel.fcntl(fd, f.F_SETOWN, owner), 0);
}

function setAsync({ kernel }: Subject, fd: number, on = true): void {
  const flags = succeeds(kernel.fcntl(fd, f.F_GETFL));
  succeeds(kernel.fcntl(fd, f.F_SETFL, on ? flags | f.O_ASYNC : flags & ~f.O_ASYNC), 0);
}

/** A process whose handler counts this signal, and which owns the description. */
async function owner(subject: Subject, fd: number, ...signals: number[]): Promise<TestProcess> {
  const child = await subject.process();
  for (const signal of signals) succeeds(await child.signal(signal, 'handle'), 0);
  sendTo(subject, fd, child.pid);
  return child;
}

function put({ kernel }: Subject, writer: number): void {
  succeeds(kernel.write(writer, text('x')), 1);
}

/** The name of a file in /proc opens what the descriptor is once more: a description of its own. */
function reopen({ kernel, keep }: Subject, fd: number, flags: number): number {
  return keep(kernel.openat(f.AT_FDCWD, `/proc/self/fd/${fd}`, flags | f.O_CLOEXEC, 0));
}

/** An urgent byte is sent, and has arrived. */
function sendUrgent({ kernel }: Subject, client: number, server: number): void {
  succeeds(kernel.send(client, text('!'), f.MSG_OOB), 1);
  succeeds(kernel.poll(-1, Int32Array.of(server, f.POLLPRI, 0)), 1);
  succeeds(kernel.recv(server, new Uint8Array(1), f.MSG_OOB), 1);
}

row('SIGIO-01', 'data written to a pipe sends SIGIO to the owner of its read end', async (s) => {
  const [reader, writer] = s.pipe();
  const child = await owner(s, reader, SIGIO);
  setAsync(s, reader);
  put(s, writer);
  assert.equal(await child.count(SIGIO), 1);
});

row('SIGIO-02', 'without an owner nobody gets a signal', async (s) => {
  const [reader, writer] = s.pipe();
  const child = await s.process([reader]);
  const probe = s.signal(SIGIO);
  succeeds(await child.signal(SIGIO, 'handle'), 0);
  setAsync(s, reader);
  put(s, writer);
  assert.equal(await child.count(SIGIO), 0);
  assert.equal(probe.take(), undefined);
});

row('SIGIO-03', 'an owner alone gets no signal: O_ASYNC is needed', async (s) => {
  const [reader, writer] = s.pipe();
  const child = await owner(s, reader, SIGIO);
  put(s, writer);
  assert.equal(await child.count(SIGIO), 0);
});

row('SIGIO-04', 'room in a full pipe sends SIGIO to the owner of its write end', async (s) => {
  const [reader, writer] = s.pipe();
  fill(s.kernel, writer);
  const child = await owner(s, writer, SIGIO);
  setAsync(s, writer);
  assert.equal(await child.count(SIGIO), 0);
  succeeds(s.kernel.read(reader, new Uint8Array(4096)), 4096);
  assert.equal(await child.count(SIGIO), 1);
});

row('SIGIO-05', 'the default action of SIGIO ends the process', async (s) => {
  const [reader, writer] = s.pipe();
  const child = await owner(s, reader);
  setAsync(s, reader);
  put(s, writer);
  const { code, signal } = await child.death;
  assert.equal(code, null);
  assert.match(signal ?? '', /^SIG(IO|POLL)$/);
});

row('SIGIO-06', 'F_SETSIG back to 0 sends SIGIO again', async (s) => {
  const [reader, writer] = s.pipe();
  const child = await owner(s, reader, SIGIO, REAL_TIME);
  setAsync(s, reader);
  succeeds(s.kernel.fcntl(reader, f.F_SETSIG, REAL_TIME), 0);
  put(s, writer);
  assert.deepEqual([await child.count(REAL_TIME), await child.count(SIGIO)], [1, 0]);
  succeeds(s.kernel.fcntl(reader, f.F_SETSIG, 0), 0);
  put(s, writer);
  assert.deepEqual([await child.count(REAL_TIME), await child.count(SIGIO)], [1, 1]);
});

row(
  'SIGIO-07',
  'three events before delivery are one SIGIO, and three real-time ones',
  async (s) => {
    const [reader, writer] = s.pipe();
    const child = await owner(s, reader, SIGIO, REAL_TIME);
    setAsync(s, reader);
    for (const signal of [SIGIO, REAL_TIME]) {
      succeeds(s.kernel.fcntl(reader, f.F_SETSIG, signal === SIGIO ? 0 : signal), 0);
      child.kill(f.SIGSTOP);
      for (let event = 0; event < 3; event++) put(s, writer);
      child.kill(f.SIGCONT);
    }
    assert.deepEqual([await child.count(SIGIO), await child.count(REAL_TIME)], [1, 3]);
  },
);

row(
  'SIGIO-08',
  'data on a socket pair sends the signal, with POLL_IN and the descriptor',
  async (s) => {
    const [left, right] = s.socketPair();
    const child = await owner(s, left, SIGIO, REAL_TIME);
    setAsync(s, left);
    put(s, right);
    assert.equal(await child.count(SIGIO), 1);
    succeeds(s.kernel.fcntl(left, f.F_SETSIG, REAL_TIME), 0);
    put(s, right);
    assert.equal(await child.count(REAL_TIME), 1);
    const { code, fd, band } = await child.info(REAL_TIME);
    assert.deepEqual([code, fd, band & f.POLLIN], [f.POLL_IN, left, f.POLLIN]);
  },
);

row('SIGIO-09', 'O_ASYNC cleared again: no more signals', async (s) => {
  const [reader, writer] = s.pipe();
  const child = await owner(s, reader, SIGIO);
  setAsync(s, reader);
  put(s, writer);
  setAsync(s, reader, false);
  put(s, writer);
  assert.equal(await child.count(SIGIO), 1);
});

row('SIGIO-10', 'F_GETFL shows O_ASYNC, through a duplicate too, and F_GETFD does not', (s) => {
  const { kernel, keep } = s;
  for (const fd of [s.pipe()[0], s.socketPair()[0]]) {
    const duplicate = keep(kernel.dup(fd));
    assert.equal(succeeds(kernel.fcntl(fd, f.F_GETFL)) & f.O_ASYNC, 0);
    setAsync(s, fd);
    for (const one of [fd, duplicate]) {
      assert.equal(succeeds(kernel.fcntl(one, f.F_GETFL)) & f.O_ASYNC, f.O_ASYNC);
    }
    succeeds(kernel.fcntl(fd, f.F_GETFD), f.FD_CLOEXEC);
    succeeds(kernel.fcntl(duplicate, f.F_GETFD), 0);
  }
});

row(
  'SIGIO-11',
  'O_ASYNC has no effect when it is given to open, and is EINVAL for pipe2',
  async (s) => {
    const [reader, writer] = s.pipe();
    const opened = reopen(s, reader, f.O_RDONLY | f.O_ASYNC);
    const child = await owner(s, opened, SIGIO);
    put(s, writer);
    assert.equal(await child.count(SIGIO), 0);
    failsWith(s.kernel.pipe2(f.O_ASYNC, new Int32Array(2)), EINVAL);
  },
);

row('SIGIO-12', 'signals end with the last duplicate', async (s) => {
  const [reader, writer] = s.pipe();
  reopen(s, reader, f.O_RDONLY);
  const child = await owner(s, reader, SIGIO);
  const duplicate = s.keep(s.kernel.dup(reader));
  setAsync(s, reader);
  s.close(reader);
  put(s, writer);
  assert.equal(await child.count(SIGIO), 1);
  s.close(duplicate);
  put(s, writer);
  assert.equal(await child.count(SIGIO), 1);
});

row('SIGIO-13', 'the owner may be another process, which has no such descriptor', async (s) => {
  const [reader, writer] = s.pipe();
  const probe = s.signal(SIGIO);
  const other = await owner(s, reader, SIGIO);
  const bystander = await s.process([reader]);
  succeeds(await bystander.signal(SIGIO, 'handle'), 0);
  setAsync(s, reader);
  put(s, writer);
  assert.deepEqual([await other.count(SIGIO), await bystander.count(SIGIO)], [1, 0]);
  assert.equal(probe.take(), undefined);
});

row('SIGIO-14', 'a process group as the owner: every member gets the signal', async (s) => {
  const [reader, writer] = s.pipe();
  const child = await s.process();
  succeeds(await child.call('setpgid', 0, 0), 0);
  succeeds(await child.signal(SIGIO, 'handle'), 0);
  const member = await child.fork();
  sendTo(s, reader, -child.pid);
  setAsync(s, reader);
  put(s, writer);
  assert.deepEqual([await child.count(SIGIO), await member.count(SIGIO)], [1, 1]);
});

row(
  'SIGIO-15',
  'an urgent byte sends SIGURG, without O_ASYNC and whatever F_SETSIG is',
  async (s) => {
    const [client, server] = s.tcpPair();
    const child = await owner(s, server, SIGIO, SIGURG, REAL_TIME);
    sendUrgent(s, client, server);
    assert.deepEqual([await child.count(SIGURG), await child.count(SIGIO)], [1, 0]);
    succeeds(s.kernel.fcntl(server, f.F_SETSIG, REAL_TIME), 0);
    sendUrgent(s, client, server);
    assert.deepEqual([await child.count(SIGURG), await child.count(REAL_TIME)], [2, 0]);
  },
);

row('SIGIO-16', 'the default action of SIGURG ignores it', async (s) => {
  const [client, server] = s.tcpPair();
  const child = await owner(s, server);
  sendUrgent(s, client, server);
  succeeds(await child.call('getpid'), child.pid);
});

row('SIGIO-17', 'a pipe never sends SIGURG', async (s) => {
  const [reader, writer] = s.pipe();
  const child = await owner(s, reader, SIGIO, SIGURG);
  setAsync(s, reader);
  put(s, writer);
  assert.deepEqual([await child.count(SIGIO), await child.count(SIGURG)], [1, 0]);
});

row('SIGIO-18', 'SIGIO only announces: the bytes are still there to be read', async (s) => {
  const [reader, writer] = s.pipe();
  const child = await owner(s, reader, SIGIO);
  setAsync(s, reader);
  succeeds(s.kernel.write(writer, text('still here')), 10);
  assert.equal(await child.count(SIGIO), 1);
  const bytes = new Uint8Array(20);
  succeeds(s.kernel.read(reader, bytes), 10);
  assert.equal(string(bytes.subarray(0, 10)), 'still here');
});
