import assert from 'node:assert/strict';
import { encodeAddress } from '../../../src/kernel/address.js';
import { EFAULT, EINVAL } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Memory } from '../../../src/kernel/kernel.js';
import { linux } from '../../../src/kernel/linux.js';
import { failsWith, pattern, string, succeeds, text } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';
import { throughThread } from '../../helpers/doors.js';
import { LOOPBACK, listener, socketFor } from '../../helpers/sockets.js';
import { receive } from '../../helpers/transfer.js';

function detach(bytes: Uint8Array): Uint8Array {
  return structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] });
}

/** A read of an empty pipe into these; `meanwhile` happens while it sleeps, then come 8 bytes. */
async function readv(s: Subject, memory: Memory[], meanwhile: () => void): Promise<void> {
  const [reader, writer] = s.pipe();
  const read = s.offload('readv', reader, memory);
  meanwhile();
  succeeds(s.kernel.write(writer, text('01234567')), 8);
  succeeds(await read, 8);
}

row('OFFLOAD-20', 'a buffer detached meanwhile is left alone, the others are filled', async (s) => {
  const [first, second] = [new Uint8Array(4), new Uint8Array(4)];
  let kept: Uint8Array = first;
  await readv(s, [first, second], () => {
    kept = detach(first);
  });
  assert.equal(first.length, 0);
  assert.deepEqual([...kept], [0, 0, 0, 0]);
  assert.equal(string(second), '4567');
});

row('OFFLOAD-21', 'a piece that is another buffer meanwhile is left alone', async (s) => {
  const [first, second, other] = [new Uint8Array(4), new Uint8Array(4), new Uint8Array(4)];
  const vector: Memory[] = [first, second];
  await readv(s, vector, () => {
    vector[0] = other;
  });
  assert.deepEqual([string(first), string(other)], ['\0\0\0\0', '\0\0\0\0']);
  assert.equal(string(second), '4567');
  const shorter: Memory[] = [other, second.fill(0)];
  await readv(s, shorter, () => shorter.pop());
  assert.deepEqual([string(other), string(second)], ['0123', '\0\0\0\0']);
});

row('OFFLOAD-22', 'the array of parameters may be used again at once', async (s) => {
  const [reader, writer] = s.pipe();
  const bytes = new Uint8Array(8);
  const parameters: [number, Uint8Array] = [reader, bytes];
  const read = new Promise<number>((resolve) => s.kernel.offload('read', parameters, resolve));
  parameters[0] = -1;
  parameters[1] = new Uint8Array(1);
  succeeds(s.kernel.write(writer, text('for bytes')), 9);
  succeeds(await read, 8);
  assert.equal(string(bytes), 'for byte');
});

row('OFFLOAD-23', 'a getter among the pieces runs, throws, detaches: nothing breaks', async (s) => {
  const [first, second] = [new Uint8Array(4), new Uint8Array(4)];
  const vector: Memory[] = [first, second];
  await readv(s, vector, () => {
    Object.defineProperty(vector, 1, {
      get: () => {
        detach(first);
        return second;
      },
    });
  });
  assert.deepEqual([first.length, string(second)], [0, '4567']);
  const thrower: Memory[] = [new Uint8Array(4), second.fill(0)];
  await readv(s, thrower, () => {
    Object.defineProperty(thrower, 0, {
      get: () => {
        throw new Error('of a getter');
      },
    });
  });
  assert.equal(string(second), '4567');
});

row('OFFLOAD-24', 'accept4 answers its descriptor though the address has no place', async (s) => {
  const listening = listener(s, LOOPBACK);
  const address = new Uint8Array(16);
  const accepted = s.offload('accept4', listening.fd, f.SOCK_CLOEXEC, address);
  detach(address);
  const client = socketFor(s, LOOPBACK);
  succeeds(s.kernel.connect(client, encodeAddress(listening.address)), 0);
  s.keep(await accepted);
  const without = s.offload('accept4', listening.fd, f.SOCK_CLOEXEC, null);
  succeeds(s.kernel.connect(socketFor(s, LOOPBACK), encodeAddress(listening.address)), 0);
  s.keep(await without);
});

row('OFFLOAD-25', 'the copy is aligned as the memory is, as O_DIRECT asks for', async (s) => {
  const { kernel } = s;
  const path = s.path();
  const file = s.keep(kernel.openat(f.AT_FDCWD, path, f.O_RDWR | f.O_CREAT | f.O_CLOEXEC, 0o600));
  succeeds(kernel.write(file, pattern(8192)), 8192);
  succeeds(kernel.fsync(file), 0);
  const [address] = s.memory(8192) as unknown as [bigint];
  const view = linux.view(address, 8192) as ArrayBuffer;
  const flags = f.O_RDONLY | f.O_CLOEXEC | f.O_DIRECT;
  const direct = kernel.openat(f.AT_FDCWD, path, flags, 0);
  if (direct < 0) return failsWith(direct, EINVAL);
  s.keep(direct);
  for (const bytes of [new Uint8Array(view), new Uint8Array(view, 512, 4096)]) {
    const here = kernel.pread(direct, bytes, 0);
    bytes.fill(0);
    assert.equal(await s.offload('pread', direct, bytes, 0), here);
    if (here > 0) assert.deepEqual(bytes.slice(0, here), pattern(8192).subarray(0, here));
  }
  succeeds(linux.detach(view), 0);
});

row(
  'OFFLOAD-26',
  'a buffer of gigabytes costs what is read, and is cut as Linux cuts it',
  async (s) => {
    const [reader, writer] = s.pipe();
    const bytes = new Uint8Array(3 * 2 ** 30);
    const read = s.offload('readv', reader, [bytes, bytes.subarray(0, 100)]);
    succeeds(s.kernel.write(writer, text('few')), 3);
    succeeds(await read, 3);
    assert.equal(string(bytes.subarray(0, 4)), 'few\0');
  },
);

row('OFFLOAD-27', 'pages given to a pipe by vmsplice are nobody else’s afterwards', async (s) => {
  const [reader, writer] = s.pipe();
  const bytes = pattern(20_000);
  succeeds(await s.offload('vmsplice', writer, [bytes], f.SPLICE_F_GIFT), 20_000);
  bytes.fill(0);
  const file = s.file(new Uint8Array(20_000).fill(9));
  for (let round = 0; round < 20; round++) {
    succeeds(await s.offload('pread', file, new Uint8Array(20_000), 0), 20_000);
  }
  assert.deepEqual(receive(s.kernel, reader), pattern(20_000));
});

row('OFFLOAD-28', 'vmsplice on the read end of a pipe fills the memory', async (s) => {
  const [reader, writer] = s.pipe();
  succeeds(s.kernel.write(writer, text('to the user')), 11);
  const [first, second] = [new Uint8Array(4), new Uint8Array(100)];
  const result = await s.offload('vmsplice', reader, [first, second], 0);
  succeeds(result, 11);
  assert.equal(string(first) + string(second.subarray(0, 7)), 'to the user');
});

row('OFFLOAD-29', 'as many pieces as Linux takes, and one more', async (s) => {
  const file = s.file(pattern(1024));
  const bytes = new Uint8Array(1024);
  const each = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
  succeeds(await s.offload('preadv', file, each, 0), 1024);
  assert.deepEqual(bytes, pattern(1024));
  failsWith(await s.offload('preadv', file, [...each, bytes], 0), EINVAL);
  succeeds(await s.offload('preadv', file, [], 0), 0);
  succeeds(await s.offload('preadv', file, [bytes.subarray(3, 3)], 0), 0);
});

row('OFFLOAD-30', 'an answer larger than the memory fills the memory and no more', async (s) => {
  const [left, right] = s.socketPair(f.SOCK_DGRAM);
  const bytes = new Uint8Array(20).fill(7);
  succeeds(s.kernel.send(left, pattern(100), 0), 100);
  const result = await s.offload('recv', right, bytes.subarray(5, 15), f.MSG_TRUNC);
  succeeds(result, 100);
  assert.deepEqual([...bytes], [...Array(5).fill(7), ...pattern(10), ...Array(5).fill(7)]);
});

row('OFFLOAD-31', 'a call that fails leaves memory alone', async (s) => {
  const bytes = new Uint8Array(8).fill(7);
  failsWith(await s.offload('pread', s.pipe()[0], bytes, -1), EINVAL);
  const nowhere = new BigUint64Array([8n, 8n]);
  failsWith(await s.offload('readv', s.file(pattern(8)), [nowhere, bytes]), EFAULT);
  assert.ok(bytes.every((byte) => byte === 7));
});

row('OFFLOAD-32', 'recv of TCP with MSG_TRUNC drops bytes and leaves memory alone', async (s) => {
  const [client, server] = s.tcpPair();
  const bytes = new Uint8Array(8).fill(7);
  succeeds(s.kernel.write(client, pattern(20)), 20);
  succeeds(s.kernel.recv(server, bytes, f.MSG_TRUNC), 8);
  succeeds(await s.offload('recv', server, bytes, f.MSG_TRUNC), 8);
  assert.ok(bytes.every((byte) => byte === 7));
  succeeds(await s.offload('recv', server, bytes, 0), 4);
  assert.deepEqual([...bytes], [...pattern(20).subarray(16), 7, 7, 7, 7]);
});

throughThread(import.meta.url);
