// SIGPIPE: what a write to nobody does to a process, by the action it has for the signal.
import assert from 'node:assert/strict';
import { EPIPE } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, succeeds, text } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';
import type { Disposition, TestProcess } from '../../helpers/process.js';

/** A process with this action for SIGPIPE. */
async function withAction(subject: Subject, action: Disposition): Promise<TestProcess> {
  const child = await subject.process();
  succeeds(await child.signal(f.SIGPIPE, action), 0);
  return child;
}

/** The write end of a pipe that nobody reads. */
async function pipeToNobody(child: TestProcess): Promise<number> {
  const ends = new Int32Array(2);
  succeeds(await child.call('pipe2', 0, ends), 0);
  succeeds(await child.call('close', ends[0] as number), 0);
  return ends[1] as number;
}

/** A stream socket whose peer is closed. */
async function socketToNobody(child: TestProcess): Promise<number> {
  const ends = new Int32Array(2);
  succeeds(await child.call('socketpair', f.AF_UNIX, f.SOCK_STREAM, 0, ends), 0);
  succeeds(await child.call('close', ends[0] as number), 0);
  return ends[1] as number;
}

/** A stream socket whose own write side is shut down. */
async function socketShutDown(child: TestProcess): Promise<number> {
  const ends = new Int32Array(2);
  succeeds(await child.call('socketpair', f.AF_UNIX, f.SOCK_STREAM, 0, ends), 0);
  succeeds(await child.call('shutdown', ends[1] as number, f.SHUT_WR), 0);
  return ends[1] as number;
}

async function fileWithContent(subject: Subject, child: TestProcess): Promise<number> {
  const flags = f.O_RDWR | f.O_CREAT;
  const fd = succeeds(await child.call('openat', f.AT_FDCWD, subject.path(), flags, 0o600));
  succeeds(await child.call('write', fd, text('content')), 7);
  return fd;
}

const RECORD = text('nobody reads this');

/** Makes the calls in a process where a handler counts: each is EPIPE and one SIGPIPE. */
async function raises(
  subject: Subject,
  call: (child: TestProcess) => Promise<() => Promise<number>>,
): Promise<void> {
  const child = await withAction(subject, 'handle');
  const again = await call(child);
  for (let time = 1; time <= 3; time++) {
    failsWith(await again(), EPIPE);
    assert.equal(await child.count(f.SIGPIPE), time);
  }
}

/** Makes the call in a process with the default action, and sees it die. */
async function kills(
  subject: Subject,
  call: (child: TestProcess) => Promise<() => Promise<number>>,
): Promise<void> {
  const child = await withAction(subject, 'default');
  const once = await call(child);
  await assert.rejects(once());
  assert.deepEqual(await child.death, { code: null, signal: 'SIGPIPE' });
}

const CALLS = {
  write: async (child: TestProcess) => {
    const fd = await pipeToNobody(child);
    return () => child.call('write', fd, RECORD);
  },
  writev: async (child: TestProcess) => {
    const fd = await pipeToNobody(child);
    return () => child.call('writev', fd, [RECORD, RECORD]);
  },
  'write to a socket': async (child: TestProcess) => {
    const fd = await socketToNobody(child);
    return () => child.call('write', fd, RECORD);
  },
  'write after shutdown': async (child: TestProcess) => {
    const fd = await socketShutDown(child);
    return () => child.call('write', fd, RECORD);
  },
  vmsplice: async (child: TestProcess) => {
    const fd = await pipeToNobody(child);
    return () => child.call('vmsplice', fd, [RECORD], 0);
  },
};

row('SIGP-01', 'default action: a write to nobody kills the process', (subject) =>
  kills(subject, CALLS.write),
);

row('SIGP-02', 'a handler runs once for each failing write, which gives EPIPE', (subject) =>
  raises(subject, CALLS.write),
);

row('SIGP-03', 'ignored: EPIPE only, and the process lives', async (subject) => {
  const child = await withAction(subject, 'ignore');
  for (const call of Object.values(CALLS)) failsWith(await (await call(child))(), EPIPE);
  succeeds(await child.call('getpid'), child.pid);
});

row('SIGP-04', 'writev: EPIPE and SIGPIPE', async (subject) => {
  await raises(subject, CALLS.writev);
  await kills(subject, CALLS.writev);
});

row('SIGP-05', 'a stream socket whose peer is closed: EPIPE and SIGPIPE', async (subject) => {
  await raises(subject, CALLS['write to a socket']);
  await kills(subject, CALLS['write to a socket']);
});

row('SIGP-06', 'send with MSG_NOSIGNAL: EPIPE without SIGPIPE', async (subject) => {
  const child = await withAction(subject, 'default');
  const fd = await socketToNobody(child);
  failsWith(await child.call('send', fd, RECORD, f.MSG_NOSIGNAL), EPIPE);
  succeeds(await child.signal(f.SIGPIPE, 'handle'), 0);
  failsWith(await child.call('send', fd, RECORD, f.MSG_NOSIGNAL), EPIPE);
  assert.equal(await child.count(f.SIGPIPE), 0);
  failsWith(await child.call('send', fd, RECORD, 0), EPIPE);
  assert.equal(await child.count(f.SIGPIPE), 1);
});

row('SIGP-07', 'own write side shut down: EPIPE and SIGPIPE', async (subject) => {
  await raises(subject, CALLS['write after shutdown']);
  await kills(subject, CALLS['write after shutdown']);
});

row('SIGP-08', 'sendfile to a pipe without reader: EPIPE and SIGPIPE', async (subject) => {
  const sendfile = async (child: TestProcess) => {
    const fd = await pipeToNobody(child);
    const source = await fileWithContent(subject, child);
    return () => child.call('sendfile', fd, source, 0, 7);
  };
  await raises(subject, sendfile);
  await kills(subject, sendfile);
});

row('SIGP-09', 'vmsplice to a pipe without reader: EPIPE and SIGPIPE', async (subject) => {
  await raises(subject, CALLS.vmsplice);
  await kills(subject, CALLS.vmsplice);
});

row(['SIGP-09', 'TEE-03'], 'splice and tee raise it too', async (subject) => {
  const input = async (child: TestProcess) => {
    const ends = new Int32Array(2);
    succeeds(await child.call('pipe2', 0, ends), 0);
    succeeds(await child.call('write', ends[1] as number, RECORD), RECORD.length);
    return ends[0] as number;
  };
  await raises(subject, async (child) => {
    const [from, to] = [await input(child), await pipeToNobody(child)];
    return () => child.call('splice', from, null, to, null, 100, 0);
  });
  await raises(subject, async (child) => {
    const [from, to] = [await input(child), await pipeToNobody(child)];
    return () => child.call('tee', from, to, 100, 0);
  });
});

row('SIGP-10', 'SIGPIPE, SIGIO (= SIGPOLL) and SIGURG have their numbers', () => {
  assert.deepEqual([f.SIGPIPE, f.SIGIO, f.SIGPOLL, f.SIGURG], [13, 29, 29, 23]);
});
