import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemError } from '../../src/kernel/error.js';
import * as sys from '../../src/sys.js';

/** Runs the body with a pipe and closes it. */
function withPipe(body: (reader: number, writer: number) => void): void {
  const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
  try {
    body(reader, writer);
  } finally {
    sys.close(reader);
    sys.close(writer);
  }
}

function namesArgument(call: () => unknown, name: string, code: string): void {
  assert.throws(call, (error: NodeJS.ErrnoException) => {
    assert.equal(error.code, code);
    assert.ok(error.message.includes(`"${name}"`), error.message);
    return true;
  });
}

type Loose = (...parameters: unknown[]) => number;
const splice = sys.splice as unknown as Loose;
const tee = sys.tee as unknown as Loose;
const vmsplice = sys.vmsplice as unknown as Loose;

test('splice() a failure has the shape of a system error of Node', () => {
  withPipe((reader, writer) => {
    assert.throws(
      () => sys.splice(reader, 0, writer, null, 1, 0),
      (error: SystemError) => {
        assert.ok(error instanceof SystemError);
        const { code, errno, syscall, fd } = error;
        assert.deepEqual(
          { code, errno, syscall, fd },
          { code: 'ESPIPE', errno: -29, syscall: 'splice', fd: reader },
        );
        assert.equal(error.message, 'ESPIPE: illegal seek, splice');
        return true;
      },
    );
  });
});

test('splice() a wrong type names the argument, and nothing is called', () => {
  const type = 'ERR_INVALID_ARG_TYPE';
  namesArgument(() => splice('0', null, 1, null, 1, 0), 'fdIn', type);
  namesArgument(() => splice(0, undefined, 1, null, 1, 0), 'offIn', type);
  namesArgument(() => splice(0, null, {}, null, 1, 0), 'fdOut', type);
  namesArgument(() => splice(0, null, 1, '0', 1, 0), 'offOut', type);
  namesArgument(() => splice(0, null, 1, null, '1', 0), 'len', type);
  namesArgument(() => splice(0, null, 1, null, 1), 'flags', type);
});

test('splice() a number that cannot be meant is out of range', () => {
  const range = 'ERR_OUT_OF_RANGE';
  namesArgument(() => splice(1.5, null, 1, null, 1, 0), 'fdIn', range);
  namesArgument(() => splice(0, 2 ** 53, 1, null, 1, 0), 'offIn', range);
  namesArgument(() => splice(0, null, 1, 2n ** 63n, 1, 0), 'offOut', range);
  namesArgument(() => splice(0, null, 1, null, -1, 0), 'len', range);
  namesArgument(() => splice(0, null, 1, null, Number.NaN, 0), 'len', range);
  namesArgument(() => splice(0, null, 1, null, 1, 2 ** 32), 'flags', range);
});

test('splice() a value that Linux can judge goes to Linux', () => {
  withPipe((reader, writer) => {
    const file = sys.memfd_create('pipe.test', sys.MFD_CLOEXEC);
    const code = (call: () => unknown, expected: string) => assert.throws(call, { code: expected });
    code(() => sys.splice(-1, null, writer, null, 1, 0), 'EBADF');
    code(() => sys.splice(file, -1, writer, null, 1, 0), 'EINVAL');
    code(() => sys.splice(reader, null, file, null, 1, 16), 'EINVAL');
    assert.equal(sys.splice(file, 2n ** 62n, writer, null, 1n, 0), 0);
    sys.close(file);
  });
});

test('splice() takes objects with a descriptor, and offsets by value', () => {
  withPipe((reader, writer) => {
    const file = { fd: sys.memfd_create('pipe.test', sys.MFD_CLOEXEC) };
    sys.write(file, Buffer.from('0123456789'));
    assert.equal(sys.splice(file, 8, { fd: writer }, null, 100, 0), 2);
    assert.equal(sys.splice({ fd: reader }, null, file, 20n, 100, 0), 2);
    const bytes = Buffer.alloc(2);
    sys.pread(file, bytes, 20);
    assert.equal(bytes.toString(), '89');
    sys.close(file.fd);
  });
});

test('pipe() answers two descriptors that pass to other programs', () => {
  const ends = sys.pipe();
  for (const fd of ends) {
    assert.equal(sys.fcntl(fd, sys.F_GETFD), 0);
    sys.close(fd);
  }
});

test('pipe2() a refused flag is EINVAL, a wrong type names it', () => {
  assert.throws(() => sys.pipe2(sys.O_APPEND), { code: 'EINVAL', syscall: 'pipe2' });
  const pipe2 = sys.pipe2 as unknown as Loose;
  namesArgument(() => pipe2('O_CLOEXEC'), 'flags', 'ERR_INVALID_ARG_TYPE');
});

test('tee() names the argument, and throws what Linux says', () => {
  const type = 'ERR_INVALID_ARG_TYPE';
  namesArgument(() => tee(null, 1, 1, 0), 'fdIn', type);
  namesArgument(() => tee(0, null, 1, 0), 'fdOut', type);
  namesArgument(() => tee(0, 1, null, 0), 'len', type);
  namesArgument(() => tee(0, 1, 1, null), 'flags', type);
  withPipe((reader, writer) => {
    assert.throws(() => sys.tee(reader, writer, 1, 0), { code: 'EINVAL', syscall: 'tee' });
  });
});

test('vmsplice() names the buffer, and takes every kind of them', () => {
  const type = 'ERR_INVALID_ARG_TYPE';
  withPipe((reader, writer) => {
    namesArgument(() => vmsplice(undefined, [], 0), 'fd', type);
    namesArgument(() => vmsplice(writer, 'text', 0), 'iov', type);
    namesArgument(() => vmsplice(writer, [new Uint8Array(1), 'text'], 0), 'iov[1]', type);
    namesArgument(() => vmsplice(writer, [], '0'), 'flags', type);
    const words = new Uint32Array([0x64636261]);
    const half = new DataView(words.buffer, 2, 2);
    assert.equal(sys.vmsplice(writer, [words, half, words.buffer], 0), 10);
    const bytes = Buffer.alloc(10);
    assert.equal(sys.vmsplice(reader, [bytes], 0), 10);
    assert.equal(bytes.toString(), 'abcdcdabcd');
  });
});
