import { F_GETPIPE_SZ, FIONREAD, SEEK_CUR } from '../../src/kernel/flags.js';
import type { Address, Kernel } from '../../src/kernel/kernel.js';
import { succeeds } from './claims.js';
import type { Subject } from './conformance.js';

/** What one read of at most `length` bytes answers. */
export function receive(kernel: Kernel, fd: number, length = 65536): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, succeeds(kernel.read(fd, bytes)));
}

/** Everything in a regular file, whatever its offset. */
export function content(kernel: Kernel, fd: number): Uint8Array {
  const bytes = new Uint8Array(1 << 20);
  return bytes.subarray(0, succeeds(kernel.pread(fd, bytes, 0)));
}

/** Fills an empty pipe, slot by slot; answers how many bytes it holds now. */
export function fill(kernel: Kernel, writer: number): number {
  const capacity = succeeds(kernel.fcntl(writer, F_GETPIPE_SZ));
  return succeeds(kernel.write(writer, new Uint8Array(capacity)), capacity);
}

/** How many bytes wait to be read. */
export function unread(kernel: Kernel, fd: number): number {
  const count = new Int32Array(1);
  succeeds(kernel.ioctl(fd, FIONREAD, count), 0);
  return count[0] as number;
}

/** The file offset. */
export function position(kernel: Kernel, fd: number): number {
  const offset = new BigInt64Array(1);
  succeeds(kernel.lseek(fd, 0, SEEK_CUR, offset), 0);
  return Number(offset[0]);
}

/** A variable of type off_t that a call reads and advances. */
export interface OffsetVariable {
  readonly pointer: Address;
  value(): number;
}

export function offsetVariable({ kernel, memory }: Subject, initial: number): OffsetVariable {
  const pointer = memory();
  const address = pointer[0] as bigint;
  const word = new BigInt64Array([BigInt(initial)]);
  const bytes = new Uint8Array(word.buffer);
  succeeds(kernel.store(address, bytes), 8);
  return {
    pointer,
    value: () => {
      succeeds(kernel.load(address, bytes), 8);
      return Number(word[0]);
    },
  };
}

/** An address that nothing is mapped at. */
export const NOWHERE: Address = new BigUint64Array([8n, 4096n]);
