import assert from 'node:assert/strict';
import { encodeAddress } from '../../../src/kernel/address.js';
import { EAGAIN } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, string, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { part, send, take, witness } from '../../helpers/passing.js';
import { listener, ready } from '../../helpers/sockets.js';
import { content, position, receive } from '../../helpers/transfer.js';

const { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET } = f;
const TYPES = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

for (const [name, type] of Object.entries(TYPES)) {
  row('SCM-01', `a descriptor sent over ${name} is the same open file description`, (subject) => {
    const { kernel } = subject;
    const [left, right] = subject.socketPair(type);
    const file = subject.file(text('0123456789'));
    succeeds(send(kernel, left, 'x', [file]), 1);
    const { fds, text: words, flags } = take(subject, right);
    assert.deepEqual([words, fds.length, flags], ['x', 1, 0]);
    const [received = -1] = fds;
    assert.notEqual(received, file);
    assert.equal(string(receive(kernel, received, 4)), '0123');
    assert.equal(position(kernel, file), 4);
    succeeds(kernel.fcntl(received, f.F_SETFL, f.O_APPEND), 0);
    assert.ok(succeeds(kernel.fcntl(file, f.F_GETFL)) & f.O_APPEND);
  });
}

row(
  'SCM-02',
  'received numbers are the lowest free ones, in the order of the sender',
  (subject) => {
    const { kernel } = subject;
    const [left, right] = subject.socketPair();
    const files = [subject.file(text('a')), subject.file(text('b')), subject.file(text('c'))];
    const spare = [0, 1].map(() => succeeds(kernel.fcntl(left, f.F_DUPFD, 500)));
    for (const fd of spare) kernel.close(fd);
    succeeds(send(kernel, left, 'x', files), 1);
    const next = succeeds(kernel.dup(left));
    kernel.close(next);
    const { fds } = take(subject, right);
    assert.equal(fds[0], next);
    assert.deepEqual(
      [...fds].sort((a, b) => a - b),
      fds,
    );
    assert.equal(fds.map((fd) => string(content(kernel, fd))).join(''), 'abc');
  },
);

row('SCM-03', 'MSG_CMSG_CLOEXEC sets FD_CLOEXEC, and comes back; nothing else does', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair();
  for (const flags of [0, f.MSG_CMSG_CLOEXEC]) {
    succeeds(send(kernel, left, 'x', [left, right]), 1);
    const received = take(subject, right, { flags });
    assert.equal(received.flags, flags);
    for (const fd of received.fds) {
      succeeds(kernel.fcntl(fd, f.F_GETFD), flags === 0 ? 0 : f.FD_CLOEXEC);
    }
  }
  succeeds(send(kernel, left, 'x'), 1);
  assert.equal(take(subject, right, { flags: f.MSG_CMSG_CLOEXEC }).flags, f.MSG_CMSG_CLOEXEC);
});

row('SCM-04', 'under way it stays open, though the sender has closed its number', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair();
  const { reader, isOpen } = part(subject, left, 'x');
  subject.close(left);
  assert.ok(isOpen());
  const [writer = -1] = take(subject, right).fds;
  succeeds(kernel.write(writer, text('late')), 4);
  assert.equal(string(receive(kernel, reader)), 'late');
  subject.close(writer);
  assert.ok(!isOpen());
});

for (const [name, type] of Object.entries(TYPES)) {
  row('SCM-05', `what nobody reads of ${name} is closed with the receiver`, (subject) => {
    const [left, right] = subject.socketPair(type);
    const sent = [part(subject, left, 'first'), part(subject, left, 'second')];
    subject.close(right);
    assert.deepEqual(
      sent.map(({ isOpen }) => isOpen()),
      [false, false],
    );
  });

  row('SCM-06', `read, recv and splice of ${name} close what comes with the bytes`, (subject) => {
    const { kernel } = subject;
    const [left, right] = subject.socketPair(type);
    const [, pipe] = subject.pipe();
    const bytes = new Uint8Array(64);
    for (const read of [
      () => kernel.read(right, bytes),
      () => kernel.readv(right, [bytes]),
      () => kernel.recv(right, bytes, 0),
      () => kernel.splice(right, null, pipe, null, 64, 0),
    ]) {
      const { isOpen } = part(subject, left, 'three');
      succeeds(read(), 5);
      assert.ok(!isOpen());
    }
  });
}

row('SCM-07', 'a stream: bytes before come with them, bytes after do not', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair();
  for (const [words, fds] of [
    ['one ', null],
    ['two', [left]],
    ['three', null],
  ] as const) {
    succeeds(send(kernel, left, words, fds), words.length);
  }
  assert.deepEqual(
    [take(subject, right)].map(({ text, fds }) => [text, fds.length]),
    [['one two', 1]],
  );
  assert.equal(take(subject, right).text, 'three');
});

row('SCM-08', 'a stream: two messages with descriptors are two reads, by every call', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair();
  const [reader, writer] = subject.pipe();
  const both = () => {
    succeeds(send(kernel, left, 'one', [left]), 3);
    succeeds(send(kernel, left, 'two', [left, right]), 3);
  };
  both();
  const found = [take(subject, right), take(subject, right)];
  assert.deepEqual(
    found.map(({ text, fds }) => [text, fds.length]),
    [
      ['one', 1],
      ['two', 2],
    ],
  );
  both();
  assert.deepEqual(
    [0, 1].map(() => string(receive(kernel, right))),
    ['one', 'two'],
  );
  both();
  succeeds(kernel.splice(right, null, writer, null, 64, 0), 3);
  succeeds(kernel.splice(right, null, writer, null, 64, 0), 3);
  assert.equal(string(receive(kernel, reader)), 'onetwo');
});

row('SCM-09', 'a stream: a short read takes them with the first byte', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair();
  succeeds(send(kernel, left, 'before'), 6);
  succeeds(send(kernel, left, 'message', [left]), 7);
  assert.deepEqual(take(subject, right, { bytes: 6 }).fds, []);
  const { text: first, fds } = take(subject, right, { bytes: 1 });
  assert.deepEqual([first, fds.length], ['m', 1]);
  const rest = take(subject, right);
  assert.deepEqual([rest.text, rest.fds], ['essage', []]);
});

row('SCM-10', 'a stream: recv of no bytes takes them too, read of none does not', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair();
  succeeds(send(kernel, left, 'ab', [left]), 2);
  succeeds(kernel.read(right, new Uint8Array(0)), 0);
  const { text: none, fds } = take(subject, right, { bytes: 0 });
  assert.deepEqual([none, fds.length], ['', 1]);
  assert.deepEqual(take(subject, right).fds, []);
  const { isOpen } = part(subject, left, 'cd');
  succeeds(kernel.recv(right, new Uint8Array(0), f.MSG_DONTWAIT), 0);
  assert.ok(!isOpen());
  assert.equal(take(subject, right).text, 'cd');
});

row('SCM-11', 'MSG_WAITALL ends with the message that has them', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair();
  succeeds(send(kernel, left, 'one'), 3);
  succeeds(send(kernel, left, 'two', [left]), 3);
  succeeds(send(kernel, left, 'three'), 5);
  const { text: words, fds } = take(subject, right, { bytes: 11, flags: f.MSG_WAITALL });
  assert.deepEqual([words, fds.length], ['onetwo', 1]);
});

for (const [name, type] of Object.entries(TYPES)) {
  row('SCM-12', `MSG_PEEK of ${name} opens them every time, and leaves them there`, (subject) => {
    const [left, right] = subject.socketPair(type);
    const { isOpen } = part(subject, left, 'x');
    for (const flags of [f.MSG_PEEK, f.MSG_PEEK, 0]) {
      const { text: words, fds } = take(subject, right, { flags });
      assert.deepEqual([words, fds.length], ['x', 1]);
      subject.close(fds[0] as number);
      assert.equal(isOpen(), flags !== 0);
    }
  });
}

row(
  'SCM-13',
  'MSG_PEEK of a stream opens those of a message that it has no room for',
  (subject) => {
    const { kernel } = subject;
    const [left, right] = subject.socketPair();
    for (const [words, fds] of [
      ['ab', null],
      ['cd', null],
      ['ef', [left]],
      ['gh', [left]],
    ] as const)
      succeeds(send(kernel, left, words, fds), 2);
    for (const [bytes, seen] of [
      [1, 'a'],
      [2, 'ab'],
      [4, 'abcd'],
      [64, 'abcdef'],
    ] as const) {
      const { text: words, fds } = take(subject, right, { bytes, flags: f.MSG_PEEK });
      assert.deepEqual([words, fds.length], [seen, 1]);
    }
  },
);

for (const [name, type] of Object.entries(TYPES)) {
  row('SCM-14', `${name}: room for fewer is MSG_CTRUNC, and the others are closed`, (subject) => {
    const { kernel } = subject;
    const [left, right] = subject.socketPair(type);
    for (const room of [2, 1, 0]) {
      const { isOpen } = part(subject, left, 'only');
      const { fds } = take(subject, right, { fds: 1 });
      succeeds(send(kernel, left, 'x', [left, right, ...fds]), 1);
      for (const fd of fds) subject.close(fd);
      const received = take(subject, right, { fds: room });
      assert.deepEqual([received.fds.length, received.flags], [room, f.MSG_CTRUNC]);
      assert.ok(!isOpen());
    }
  });
}

row('SCM-15', 'without an array there is no room at all', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair();
  const { isOpen } = part(subject, left, 'x');
  const report = new Int32Array(2);
  succeeds(kernel.recvmsg(right, [new Uint8Array(8)], null, 0, report), 1);
  assert.deepEqual(report, Int32Array.of(0, f.MSG_CTRUNC));
  assert.ok(!isOpen());
});

row('SCM-16', 'a message of no bytes has descriptors, but for a stream, where it is none', (s) => {
  for (const type of [SOCK_DGRAM, SOCK_SEQPACKET]) {
    const [left, right] = s.socketPair(type);
    succeeds(send(s.kernel, left, '', [left]), 0);
    const { text: words, fds } = take(s, right);
    assert.deepEqual([words, fds.length], ['', 1]);
  }
  const [left, right] = s.socketPair();
  const { sent, isOpen } = witness(s);
  succeeds(send(s.kernel, left, '', [sent]), 0);
  s.close(sent);
  failsWith(s.kernel.recv(right, new Uint8Array(1), f.MSG_DONTWAIT), EAGAIN);
  assert.ok(!isOpen());
});

row('SCM-17', 'a message that is cut off says MSG_TRUNC, and keeps its descriptors', (subject) => {
  const { kernel } = subject;
  for (const type of [SOCK_DGRAM, SOCK_SEQPACKET]) {
    const [left, right] = subject.socketPair(type);
    succeeds(send(kernel, left, 'long', [left]), 4);
    succeeds(send(kernel, left, 'next', [left, left]), 4);
    const first = take(subject, right, { bytes: 2 });
    assert.deepEqual([first.text, first.fds.length, first.flags], ['lo', 1, f.MSG_TRUNC]);
    const second = take(subject, right, { bytes: 0, fds: 1 });
    assert.deepEqual([second.text, second.fds.length], ['', 1]);
    assert.equal(second.flags, f.MSG_TRUNC | f.MSG_CTRUNC);
  }
});

row('SCM-18', 'a message that no read takes at once has them at its first byte', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair();
  const sent = text('x'.repeat(100_000));
  succeeds(kernel.sendmsg(left, [sent], Int32Array.of(left), 0), sent.length);
  const first = take(subject, right, { bytes: 200_000 });
  assert.ok(first.text.length < sent.length);
  assert.equal(first.fds.length, 1);
  const rest = take(subject, right, { bytes: 200_000 });
  assert.equal(first.text.length + rest.text.length, sent.length);
  assert.deepEqual(rest.fds, []);
});

row('SCM-19', 'of a short send they have gone; where nothing is sent, they have not', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair(f.SOCK_STREAM | f.SOCK_NONBLOCK);
  const { isOpen } = part(subject, left, 'x');
  const much = new Uint8Array(1 << 20);
  const gone = succeeds(kernel.sendmsg(left, [much], Int32Array.of(left), 0));
  assert.ok(gone > 0 && gone < much.length);
  failsWith(kernel.sendmsg(left, [much], Int32Array.of(left), 0), EAGAIN);
  assert.ok(isOpen());
  let seen = 0;
  for (let left = gone + 1; left > 0; ) {
    const { text: words, fds } = take(subject, right, { bytes: 1 << 20 });
    left -= words.length;
    seen += fds.length;
  }
  assert.equal(seen, 2);
});

row('SCM-20', 'a connection that is not accepted yet takes them', (subject) => {
  const { kernel } = subject;
  const path = subject.path();
  const listening = listener(subject, { family: 'unix', path });
  const connect = () => {
    const client = subject.keep(kernel.socket(f.AF_UNIX, f.SOCK_STREAM, 0));
    succeeds(kernel.connect(client, encodeAddress(listening.address)), 0);
    return client;
  };
  const { isOpen } = part(subject, connect(), 'accepted');
  const dropped = part(subject, connect(), 'never accepted');
  const server = subject.keep(kernel.accept4(listening.fd, f.SOCK_CLOEXEC, null));
  const { text: words, fds } = take(subject, server);
  assert.deepEqual([words, fds.length], ['accepted', 1]);
  subject.close(listening.fd);
  assert.ok(!dropped.isOpen());
  assert.ok(isOpen());
});

row('SCM-21', 'a socket is sent with all that waits in it', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair();
  const [near, far] = subject.socketPair();
  const { isOpen } = part(subject, near, 'inner');
  succeeds(send(kernel, left, 'outer', [far]), 5);
  subject.close(far);
  subject.close(near);
  const [received = -1] = take(subject, right).fds;
  const { text: words, fds } = take(subject, received);
  assert.deepEqual([words, fds.length], ['inner', 1]);
  assert.equal(take(subject, received).text, '');
  assert.ok(isOpen());
});

row('SCM-22', 'sockets that are under way in each other only are closed', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair();
  const { reader, isOpen } = part(subject, left, 'x');
  succeeds(send(kernel, left, 'y', [left, right]), 1);
  succeeds(send(kernel, right, 'z', [right]), 1);
  subject.close(left);
  subject.close(right);
  assert.ok(isOpen());
  // Linux looks for such when a Unix socket is closed.
  for (const fd of subject.socketPair()) subject.close(fd);
  assert.equal(ready(kernel, reader, f.POLLHUP), f.POLLHUP);
});

row(
  'SCM-23',
  'a socket that waits in one that is open is not lost, whatever is closed',
  (subject) => {
    const { kernel } = subject;
    const [left, right] = subject.socketPair();
    const [near, far] = subject.socketPair();
    const { isOpen } = part(subject, near, 'inner');
    succeeds(send(kernel, near, 'itself', [near, far]), 6);
    succeeds(send(kernel, left, 'outer', [far]), 5);
    subject.close(near);
    subject.close(far);
    for (const fd of subject.socketPair()) subject.close(fd);
    const [received = -1] = take(subject, right).fds;
    assert.equal(take(subject, received).text, 'inner');
    const { text: words, fds } = take(subject, received);
    assert.deepEqual([words, fds.length], ['itself', 2]);
    assert.ok(isOpen());
  },
);
