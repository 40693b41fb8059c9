/**
 * The open file description: what open(2), pipe(2) and socket(2) make, and what duplicates and
 * children share: the offset, the status flags, the owner and the signal. This module is browser
 * compatible.
 */
import { O_ACCMODE, O_NONBLOCK, O_PATH, O_RDONLY, O_WRONLY } from '../flags.js';
import type { Offset } from '../kernel.js';
import { assert } from './assert.js';
import type { SimObject } from './object.js';

/** Who gets the signals of a description: fcntl(2) F_SETOWN_EX. */
export interface Owner {
  readonly type: number;
  /** 0: nobody. */
  readonly id: number;
  /** The user who set it: kill(2)'s permissions are asked with this one. */
  readonly uid: number;
}

/** What must know when a description is gone: an epoll item, a lock. */
export interface Dependent {
  gone(description: Description): void;
}

const NOBODY: Owner = { type: 0, id: 0, uid: 0 };

export class Description {
  /** F_GETOWN_EX. */
  owner: Owner = NOBODY;
  /** F_GETSIG; 0 is SIGIO. */
  signal = 0;
  /** The file offset: a number up to 2^53, a bigint beyond. Moved by what has positions. */
  offset: Offset = 0;
  /** RWF_NOWAIT may be used: an end of a pipe that was spliced refuses it from then on. */
  maySkipWait = true;
  /** F_SETFL may set O_DIRECT where the object knows it: not where memfd_create(2) made it. */
  mayBeDirect = true;
  /** The number that F_SETFL O_ASYNC was given through: si_fd of the signals. */
  asyncFd = -1;
  #references = 1;
  #dependents: Set<Dependent> | undefined;

  /** @param flags the access mode and the status flags, as F_GETFL shows them */
  constructor(
    readonly object: SimObject,
    public flags: number,
  ) {
    object.opened(this);
  }

  get references(): number {
    return this.#references;
  }

  /** Open for reading: FMODE_READ. */
  get isReadable(): boolean {
    return (this.flags & O_ACCMODE) !== O_WRONLY && !this.isPath;
  }

  /** Open for writing: FMODE_WRITE. */
  get isWritable(): boolean {
    return (this.flags & O_ACCMODE) !== O_RDONLY && !this.isPath;
  }

  /** Opened with O_PATH: it names a file, and most calls know it not. */
  get isPath(): boolean {
    return (this.flags & O_PATH) !== 0;
  }

  get isNonBlocking(): boolean {
    return (this.flags & O_NONBLOCK) !== 0;
  }

  setFlags(bits: number, on: boolean): void {
    this.flags = on ? this.flags | bits : this.flags & ~bits;
  }

  /** One more reference: a descriptor, or a call under way. Answers the description. */
  hold(): this {
    assert(this.#references > 0, 'a description that is gone is held');
    this.#references++;
    return this;
  }

  /** One reference less; the last one releases the object. */
  release(): void {
    assert(this.#references > 0, 'a description is released more often than held');
    if (--this.#references > 0) return;
    const dependents = this.#dependents;
    this.#dependents = undefined;
    if (dependents !== undefined) for (const one of dependents) one.gone(this);
    this.object.released(this);
  }

  /** Who must know when the description is gone. */
  get dependents(): Iterable<Dependent> {
    return this.#dependents ?? [];
  }

  /** From now on it is told when the description is gone. */
  attach(dependent: Dependent): void {
    this.#dependents ??= new Set();
    this.#dependents.add(dependent);
  }

  detach(dependent: Dependent): void {
    this.#dependents?.delete(dependent);
  }
}
