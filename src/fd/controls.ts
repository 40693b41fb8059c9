/**
 * What fcntl(2) says of an owned descriptor, and sets, as properties. This module is browser
 * compatible.
 */
import * as argument from '../kernel/argument.js';
import { check } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import { OwnedNumber } from './lifetime.js';

/** The part of an `Fd` that is its flags, its owner and its capacity; see there. */
export class ControlledNumber extends OwnedNumber {
  /**
   * O_NONBLOCK, by F_GETFL and F_SETFL. It belongs to the open file description, so it changes for
   * every duplicate too, in other processes as well: the shell's terminal, for one. `read` and
   * `write` here never need it.
   */
  get nonBlocking(): boolean {
    return (this.fcntl(f.F_GETFL) & f.O_NONBLOCK) !== 0;
  }

  set nonBlocking(value: boolean) {
    const wanted = argument.boolean(value, 'nonBlocking') ? f.O_NONBLOCK : 0;
    this.fcntl(f.F_SETFL, (this.fcntl(f.F_GETFL) & ~f.O_NONBLOCK) | wanted);
  }

  /**
   * FD_CLOEXEC, by F_GETFD and F_SETFD: whether exec closes it, in this process's children too. Of
   * this number alone.
   */
  get closeOnExec(): boolean {
    return (this.fcntl(f.F_GETFD) & f.FD_CLOEXEC) !== 0;
  }

  set closeOnExec(value: boolean) {
    this.fcntl(f.F_SETFD, argument.boolean(value, 'closeOnExec') ? f.FD_CLOEXEC : 0);
  }

  /**
   * How many bytes the pipe holds, by F_GETPIPE_SZ and F_SETPIPE_SZ. Linux rounds up to a power of
   * two of pages: read it back. EBADF where it is no pipe; EBUSY where more is in it than would
   * fit; EPERM above /proc/sys/fs/pipe-max-size.
   */
  get capacity(): number {
    return this.fcntl(f.F_GETPIPE_SZ);
  }

  set capacity(value: number) {
    this.fcntl(f.F_SETPIPE_SZ, argument.integer(value, 'capacity'));
  }

  /**
   * Who gets the I/O signals, by F_GETOWN_EX and F_SETOWN: a process, negative a process group, 0
   * nobody.
   */
  get owner(): number {
    const owner = new Int32Array(2);
    check(this.runtime.kernel.fcntl(this.number, f.F_GETOWN_EX, owner), 'fcntl', this.number);
    const [type, id] = owner as unknown as [number, number];
    return type === f.F_OWNER_PGRP ? -id : id;
  }

  set owner(value: number) {
    this.fcntl(f.F_SETOWN, argument.integer(value, 'owner'));
  }

  /**
   * Which signal says that I/O is possible, by F_GETSIG and F_SETSIG: 0 is SIGIO, without the
   * descriptor's number.
   */
  get ioSignal(): number {
    return this.fcntl(f.F_GETSIG);
  }

  set ioSignal(value: number) {
    this.fcntl(f.F_SETSIG, argument.integer(value, 'ioSignal'));
  }

  protected fcntl(command: number, value?: number): number {
    const fd = this.number;
    return check(this.runtime.kernel.fcntl(fd, command, value), 'fcntl', fd);
  }
}
