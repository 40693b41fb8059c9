/** Directories, and symbolic links. Names are strings of a byte a character. Browser compatible. */
import { EISDIR } from '../../errno.js';
import { S_IFDIR, S_IFLNK } from '../../flags.js';
import type { Description } from '../description.js';
import type { Machine } from '../machine.js';
import { PAGE_SIZE } from '../page.js';
import type { Process } from '../processes.js';
import type { FileSystem } from './file-system.js';
import { Inode, type Ownership } from './inode.js';

export class Directory extends Inode {
  readonly kind = 'directory';
  readonly type = S_IFDIR;
  readonly #entries = new Map<string, Inode>();

  /** What the name names. `caller` matters to /proc/self. */
  lookup(name: string, _caller: Process): Inode | undefined {
    return this.#entries.get(name);
  }

  /** The names in it, in the order in which they came. */
  names(): string[] {
    return [...this.#entries.keys()];
  }

  /** Whether files can be made in it. */
  get takesFiles(): boolean {
    return true;
  }

  /** Gives an inode its name. Precondition: the inode has none, and the name is free. */
  link<T extends Inode>(name: string, inode: T): T {
    this.#entries.set(name, inode);
    inode.parent = this;
    inode.name = name;
    this.modified();
    return inode;
  }

  /** Takes the name off. Precondition: it is there. The inode goes unless it gets another. */
  unlink(name: string): void {
    this.#entries.delete(name);
    this.modified();
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  override get size(): number {
    return PAGE_SIZE;
  }

  override get blocks(): number {
    return PAGE_SIZE / 512;
  }

  override get links(): number {
    const folders = [...this.#entries.values()].filter(({ type }) => type === S_IFDIR);
    return this.parent === undefined ? 0 : 2 + folders.length;
  }

  override knowsFlags(): boolean {
    return false;
  }

  override read(): number {
    return -EISDIR;
  }

  override sync(): number {
    return 0;
  }
}

/** What a symbolic link leads to: a name, or, for a magic one of /proc, the thing itself. */
export class Link extends Inode {
  readonly kind = 'link';
  readonly type = S_IFLNK;

  constructor(
    machine: Machine,
    fileSystem: FileSystem,
    ownership: Ownership,
    /** A byte a character. */
    readonly target: string,
    /** What a magic link jumps to. */
    readonly file?: Description,
  ) {
    super(machine, fileSystem, { ...ownership, mode: 0o777 });
  }

  override get size(): number {
    return this.target.length;
  }
}
