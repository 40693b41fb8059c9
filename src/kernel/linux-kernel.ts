/**
 * What Linux alone has beyond the calls: memory as ArrayBuffers, without a copy, and what keeps
 * that from being deadly. Browser compatible, for it is types only.
 */
import type { Kernel, Offset } from './kernel.js';

/** See `Kernel` for the contract of every call. */
export interface LinuxKernel extends Kernel {
  /**
   * An ArrayBuffer over `length` bytes of this process at `address`. Never unmaps them. Answers
   * −EINVAL for a length above what this V8 can hold, −ENOTSUP where external buffers are forbidden
   * (Electron).
   */
  view(address: Offset, length: Offset): ArrayBuffer | number;
  /**
   * Answers the address of an ArrayBuffer that `view` made and that is not detached;
   * otherwise −EINVAL.
   */
  address_of(buffer: ArrayBuffer): number;
  /**
   * Detaches an ArrayBuffer that `view` or `own` made: every view of it has length 0 from then on.
   */
  detach(buffer: ArrayBuffer): number;
  /**
   * An ArrayBuffer over `size` bytes from `start` on of the range [address, address + length), as
   * `view`, and the range becomes the addon's to unmap when the environment (the worker) ends;
   * ticket[0] is what `disown` wants.
   * `released` runs once when V8 has let go of the memory: the buffer was collected or detached. A
   * job of Node's on another thread may use the memory even then: see `requests`.
   */
  own(
    address: Offset,
    length: Offset,
    start: Offset,
    size: Offset,
    released: () => void,
    ticket: Int32Array,
  ): ArrayBuffer | number;
  /**
   * The range is the caller's to unmap again, and `released` does not run any more. −EINVAL: no
   * such ticket.
   */
  disown(ticket: number): number;
  /**
   * Guards a mapped range against SIGBUS, which kills: what the file has lost of it becomes zeroed
   * memory that is nobody else's, and is counted. `unit` is the size of its pages in bytes. `fd` is
   * the mapped file, which becomes the guard's to close, `offset` the place of the range in it; −1:
   * memory without a file. Answers a ticket, or −errno and the descriptor stays the caller's.
   */
  guard(address: Offset, length: Offset, unit: Offset, fd: number, offset: Offset): number;
  /**
   * Fills [faults, bytes that were replaced, size of the file, or 0]. −EINVAL: no such
   * ticket.
   */
  guard_state(ticket: number, state: BigInt64Array): number;
  /**
   * Puts the guard's handler on top again where another one was installed since. Answers 1 if so,
   * otherwise 0.
   */
  guard_renew(): number;
  /** As guard_state; then the guard ends and its descriptor is closed. Before it is unmapped. */
  unguard(ticket: number, state: BigInt64Array): number;
  /**
   * How many requests Node has under way for this thread: fs, dns, zlib, crypto. −ENOTSUP elsewhere
   * than on Node.
   */
  requests(): number;
  /** The descriptor is closed when the environment (the worker) ends: nobody else would. */
  entrust(fd: number): number;
  /** Takes back what was entrusted. −EBADF: it was not. */
  reclaim(fd: number): number;
}
