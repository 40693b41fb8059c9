import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemError } from '../../src/kernel/error.js';
import * as flags from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import * as sys from '../../src/sys.js';

const BYTES = new Uint8Array(1);
const LOCK = { type: sys.F_RDLCK, whence: sys.SEEK_SET, start: 0, len: 0 };

type Call = (...parameters: unknown[]) => unknown;

const functions = Object.entries(sys).filter(
  (entry): entry is [string, Call] =>
    typeof entry[1] === 'function' && !`${entry[1]}`.startsWith('class') && entry[1].length > 0,
);

/** Faces without a call of the same name behind them, and the calls as promises. */
const BESIDE = ['addressOf', 'getpagesize', 'promises'];
/** A constant that a number cannot hold, so it is not in flags.ts. */
const BIG = ['RLIM_INFINITY'];

test('sys: everything is a call or a constant', () => {
  const known = new Set([...Object.keys(linux), ...Object.keys(flags), ...BESIDE, ...BIG]);
  assert.deepEqual(
    Object.keys(sys).filter((name) => !known.has(name)),
    [],
  );
});

/** The names of the parameters, as the program has them. */
function parameterNames(call: Call): string[] {
  const list = /^(?:async )?function\*? \w+\(([^)]*)\)/.exec(`${call}`)?.[1] ?? '';
  return list.split(',').map((parameter) => parameter.replace(/=.*/s, '').trim());
}

/** `("name` or `"name.field` or `"name[2]`: the message names a parameter of the call. */
function namedIn(error: Error): string | undefined {
  return /"(\w+)[^"]*"/.exec(error.message)?.[1];
}

for (const [name, call] of functions) {
  test(`sys.${name}() refuses a symbol with a TypeError that names the argument`, async () => {
    const wrong = async () => call(...Array(call.length).fill(Symbol('wrong')));
    await assert.rejects(wrong, (error: Error & { code?: string }) => {
      assert.ok(error instanceof TypeError, `${error}`);
      assert.equal(error.code, 'ERR_INVALID_ARG_TYPE');
      assert.ok(parameterNames(call).includes(namedIn(error) ?? ''), error.message);
      return true;
    });
  });
}

/** [the argument's name, a call with a value of another JavaScript type]. */
const TYPES: readonly (readonly [string, () => unknown])[] = [
  ['fd', () => Reflect.apply(sys.read, sys, [{ fd: '1' }, BYTES])],
  ['buf', () => Reflect.apply(sys.read, sys, [-1, [1, 2]])],
  ['buf', () => Reflect.apply(sys.write, sys, [-1, 'text'])],
  ['buf', () => sys.write(-1, structuredCloneAway(new ArrayBuffer(8)))],
  ['offset', () => Reflect.apply(sys.pread, sys, [-1, BYTES, null])],
  ['iov', () => Reflect.apply(sys.readv, sys, [-1, BYTES])],
  ['iov[1]', () => Reflect.apply(sys.writev, sys, [-1, [BYTES, 'text']])],
  ['flags', () => Reflect.apply(sys.preadv2, sys, [-1, [BYTES], 0, undefined])],
  ['fd', () => Reflect.apply(sys.close, sys, [{ fd: 1 }])],
  ['newfd', () => Reflect.apply(sys.dup2, sys, [-1, '1'])],
  ['op', () => Reflect.apply(sys.fcntl, sys, [-1, 'F_GETFL'])],
  ['arg', () => Reflect.apply(sys.fcntl, sys, [-1, sys.F_SETFL])],
  ['arg', () => Reflect.apply(sys.fcntl, sys, [-1, sys.F_SETOWN_EX, null])],
  ['arg.id', () => Reflect.apply(sys.fcntl, sys, [-1, sys.F_SETOWN_EX, { type: 1 }])],
  ['arg.start', () => Reflect.apply(sys.fcntl, sys, [-1, sys.F_OFD_SETLK, { ...LOCK, start: '' }])],
  ['on', () => Reflect.apply(sys.ioctl, sys, [-1, sys.FIONBIO])],
  ['event', () => sys.epoll_ctl(-1, sys.EPOLL_CTL_ADD, -1, null)],
  ['event.data', () => Reflect.apply(sys.epoll_ctl, sys, [-1, 1, -1, { events: 0, data: '7' }])],
  ['fds[0]', () => Reflect.apply(sys.poll, sys, [[null], 0])],
  [
    'fds[1]',
    () => Reflect.apply(sys.poll, sys, [Object.assign(Array(2), [{ fd: -1, events: 0 }]), 0]),
  ],
  ['fds[0].events', () => Reflect.apply(sys.poll, sys, [[{ fd: -1 }], 0])],
];

/** [the argument's name, a call with a number that cannot be meant]. */
const RANGES: readonly (readonly [string, () => unknown])[] = [
  ['fd', () => sys.read(1.5, BYTES)],
  ['fd', () => sys.read(Number.NaN, BYTES)],
  ['oldfd', () => sys.dup(2 ** 31)],
  ['fd', () => sys.close(2 ** 32)],
  ['offset', () => sys.pread(-1, BYTES, 2 ** 53)],
  ['offset', () => sys.pwrite(-1, BYTES, 2n ** 63n)],
  ['flags', () => sys.pwritev2(-1, [BYTES], 0, 0.5)],
  ['arg', () => sys.fcntl(-1, sys.F_SETFL, Number.POSITIVE_INFINITY)],
  ['arg.len', () => sys.fcntl(-1, sys.F_OFD_SETLK, { ...LOCK, len: 2n ** 64n })],
  ['event.data', () => sys.epoll_ctl(-1, sys.EPOLL_CTL_ADD, -1, { events: 0, data: 2n ** 64n })],
  ['event.data', () => sys.epoll_ctl(-1, sys.EPOLL_CTL_ADD, -1, { events: 0, data: -(2n ** 70n) })],
  ['fds[0].fd', () => sys.poll([{ fd: 2 ** 31, events: 0 }], 0)],
];

for (const [index, [name, call]] of TYPES.entries()) {
  test(`sys: wrong type ${index + 1} is a TypeError about "${name}"`, () => {
    assert.throws(call, (error: Error & { code?: string }) => {
      assert.ok(error instanceof TypeError, `${error}`);
      assert.equal(error.code, 'ERR_INVALID_ARG_TYPE');
      assert.ok(error.message.includes(`"${name}"`), error.message);
      return true;
    });
  });
}

for (const [index, [name, call]] of RANGES.entries()) {
  test(`sys: wrong number ${index + 1} is a RangeError about "${name}"`, () => {
    assert.throws(call, (error: Error & { code?: string }) => {
      assert.ok(error instanceof RangeError, `${error}`);
      assert.equal(error.code, 'ERR_OUT_OF_RANGE');
      assert.ok(error.message.includes(`"${name}"`), error.message);
      return true;
    });
  });
}

test('sys: what was received is told as it is', () => {
  const received = (value: unknown) => () => Reflect.apply(sys.read, sys, [value, BYTES]);
  assert.throws(received(Number.NaN), /Received type number \(NaN\)$/);
  assert.throws(received(7n), /Received type bigint \(7n\)$/);
  assert.throws(received('a "b"'), /Received type string \("a \\"b\\""\)$/);
  assert.throws(received(undefined), /Received undefined$/);
  assert.throws(received(Symbol('x')), /Received type symbol \(Symbol\(x\)\)$/);
  assert.throws(received(new Map()), /Received an instance of Map$/);
});

test('SystemError has the shape of Node’s own: code, negative errno, syscall, fd', () => {
  assert.throws(
    () => sys.read(-1, BYTES),
    (error: unknown) => {
      assert.ok(error instanceof SystemError && error instanceof Error);
      const { name, code, errno, syscall, fd, path, message } = error;
      assert.deepEqual(
        { name, code, errno, syscall, fd, path, message },
        {
          name: 'SystemError',
          code: 'EBADF',
          errno: -9,
          syscall: 'read',
          fd: -1,
          path: undefined,
          message: 'EBADF: bad file descriptor, read',
        },
      );
      assert.equal('path' in error, false);
      return true;
    },
  );
});

test('SystemError names the path', () => {
  const path = '/nonexistent/sluice';
  assert.throws(() => sys.openat(sys.AT_FDCWD, path, sys.O_RDONLY, 0), {
    code: 'ENOENT',
    errno: -2,
    syscall: 'openat',
    path,
    message: `ENOENT: no such file or directory, openat '${path}'`,
  });
});

function structuredCloneAway(buffer: ArrayBuffer): ArrayBuffer {
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}
