/**
 * A process's descriptor table: what each number is open on, and its FD_CLOEXEC. The number and
 * that flag are all that belongs to a descriptor; the rest is the description's, which other
 * numbers and other processes may share. This module is browser compatible.
 */
import { EBADF, EMFILE } from '../errno.js';
import type { Description } from './description.js';
import { NumberSet } from './numbers.js';

export class DescriptorTable {
  readonly #descriptions: (Description | undefined)[] = [];
  readonly #numbers = new NumberSet();
  readonly #closeOnExec = new Set<number>();

  /** What the number is open on. */
  get(fd: number): Description | undefined {
    return this.#descriptions[fd];
  }

  /**
   * Gives the description the lowest free number from `from` on, below `limit`. Takes over the
   * caller's reference, unless it answers −EMFILE.
   */
  open(description: Description, closeOnExec: boolean, limit: number, from = 0): number {
    const fd = this.#numbers.lowestMissing(from);
    if (fd >= limit) return -EMFILE;
    this.#put(fd, description, closeOnExec);
    return fd;
  }

  /** Whether `count` numbers below `limit` are free. */
  hasRoom(count: number, limit: number): boolean {
    let fd = -1;
    for (let found = 0; found < count; found++) fd = this.#numbers.lowestMissing(fd + 1);
    return fd < limit;
  }

  /** Puts the description at this number; what was there is closed. Takes the reference over. */
  replace(fd: number, description: Description, closeOnExec: boolean): void {
    const old = this.#descriptions[fd];
    this.#put(fd, description, closeOnExec);
    old?.release();
  }

  close(fd: number): number {
    const description = this.#descriptions[fd];
    if (description === undefined) return -EBADF;
    this.#descriptions[fd] = undefined;
    this.#numbers.delete(fd);
    this.#closeOnExec.delete(fd);
    description.release();
    return 0;
  }

  isCloseOnExec(fd: number): boolean {
    return this.#closeOnExec.has(fd);
  }

  setCloseOnExec(fd: number, on: boolean): void {
    if (on) this.#closeOnExec.add(fd);
    else this.#closeOnExec.delete(fd);
  }

  /** The open numbers in order, with what they are open on. */
  *entries(): Generator<[fd: number, description: Description]> {
    for (const [fd, description] of this.#descriptions.entries()) {
      if (description !== undefined) yield [fd, description];
    }
  }

  /** What fork(2) gives the child: the same numbers on the same descriptions. */
  copy(): DescriptorTable {
    const table = new DescriptorTable();
    for (const [fd, description] of this.entries()) {
      table.#put(fd, description.hold(), this.isCloseOnExec(fd));
    }
    return table;
  }

  /** What posix_spawn(3) gives: these descriptors as 0, 1, 2 and on, as far as they are open. */
  chosen(fds: readonly number[]): DescriptorTable {
    const table = new DescriptorTable();
    for (const [place, fd] of fds.entries()) {
      const description = this.get(fd);
      if (description !== undefined) table.#put(place, description.hold(), false);
    }
    return table;
  }

  /** What execve(2) does. */
  closeOnExecNow(): void {
    for (const fd of [...this.#closeOnExec]) this.close(fd);
  }

  closeAll(): void {
    for (const [fd] of [...this.entries()]) this.close(fd);
  }

  #put(fd: number, description: Description, closeOnExec: boolean): void {
    while (this.#descriptions.length < fd) this.#descriptions.push(undefined);
    this.#descriptions[fd] = description;
    this.#numbers.add(fd);
    this.setCloseOnExec(fd, closeOnExec);
  }
}
