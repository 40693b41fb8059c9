/**
 * From a name to an inode: path_resolution(7), and the limits that openat2(2) sets to it. This
 * module is browser compatible.
 */
import { EACCES, EBADF, EISDIR, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EXDEV } from '../../errno.js';
import * as f from '../../flags.js';
import type { Call } from '../call.js';
import type { SimObject } from '../object.js';
import type { Process } from '../processes.js';
import { Directory, Link } from './directory.js';
import { LONGEST_NAME } from './file-system.js';
import { Inode, MAY_SEARCH } from './inode.js';

/** MAXSYMLINKS */
const MOST_LINKS = 40;

/** Where a name leads. */
export interface Found {
  /** What is there; undefined where the last part names nothing. */
  readonly object: SimObject | undefined;
  /** Where the last part is, or would be; undefined where it is '.', '..' or a magic link's end. */
  readonly parent: Directory | undefined;
  /** The last part. */
  readonly name: string;
  /** Nothing but a directory will do: the name ends with '/'. */
  readonly wantsDirectory: boolean;
}

/** How a name is walked. */
interface WalkOptions {
  /** Whether a link at the end is followed. */
  readonly follows: boolean;
  /** O_CREAT: a last part that ends with '/' is −EISDIR, whatever is there. */
  readonly creates?: boolean;
  /** RESOLVE_… */
  readonly resolve?: number;
}

/** A byte a character, so that names that are not UTF-8 are names too. */
export function toName(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

export function toBytes(name: string): Uint8Array {
  return Uint8Array.from(name, (character) => character.charCodeAt(0));
}

/** Walks a name from a directory of `openat`. Answers what it found or −errno. */
export function walk(
  call: Call,
  directory: number,
  path: Uint8Array,
  options: WalkOptions,
): Found | number {
  const name = toName(path);
  if (name === '') return -ENOENT;
  const start = startOf(call, directory, name, options.resolve ?? 0);
  return typeof start === 'number' ? start : new Walker(call.caller, start, options).walk(name);
}

/** The same from the current directory. */
export function walkFrom(caller: Process, name: string, options: WalkOptions): Found | number {
  if (name === '') return -ENOENT;
  if (name.length >= f.PATH_MAX) return -ENAMETOOLONG;
  return new Walker(caller, currentDirectory(caller), options).walk(name);
}

function startOf(call: Call, directory: number, name: string, resolve: number): Directory | number {
  const { caller } = call;
  const isRooted = name.startsWith('/') && (resolve & f.RESOLVE_IN_ROOT) === 0;
  if (directory === f.AT_FDCWD || isRooted) return currentDirectory(caller);
  const file = call.description(directory);
  if (file === undefined) return -EBADF;
  return file.object instanceof Directory ? file.object : -ENOTDIR;
}

function currentDirectory(caller: Process): Directory {
  const { root } = caller.machine.tree;
  if (caller.directory === '/') return root;
  const found = new Walker(caller, root, { follows: true }).walk(caller.directory);
  return typeof found === 'object' && found.object instanceof Directory ? found.object : root;
}

class Walker {
  #at: SimObject;
  /** '..' of this is itself, or is refused. */
  #root: Directory;
  readonly #resolve: number;
  #links = 0;
  /** Linux finds out where / is when it first needs it, and RESOLVE_NO_XDEV shows that. */
  #knowsRoot: boolean;
  /** Nothing but a directory will do. */
  #wantsDirectory = false;
  /** The parts still to come, the next one last. */
  #parts: string[] = [];

  constructor(
    readonly caller: Process,
    readonly start: Directory,
    readonly options: WalkOptions,
  ) {
    this.#resolve = options.resolve ?? 0;
    this.#at = start;
    this.#knowsRoot = this.#has(IS_SCOPED);
    this.#root = this.#knowsRoot ? start : caller.machine.tree.root;
  }

  walk(name: string): Found | number {
    const refused = this.#begin(name);
    if (refused < 0) return refused;
    let found = this.#here('.');
    while (this.#parts.length > 0) {
      const step = this.#step(this.#parts.pop() as string);
      if (typeof step === 'number') return step;
      found = step;
      if (step.object === undefined) return this.#parts.length > 0 ? -ENOENT : step;
    }
    return found;
  }

  #has(resolve: number): boolean {
    return (this.#resolve & resolve) !== 0;
  }

  /** Where the walk is now. */
  #here(name: string): Found {
    const wantsDirectory = this.#wantsDirectory;
    return { object: this.#at, parent: undefined, name, wantsDirectory };
  }

  /** Puts the parts of a name, or of a link's target, before those to come. 0 or −errno. */
  #begin(name: string): number {
    if (name.startsWith('/')) {
      const refused = this.#beginAtRoot();
      if (refused < 0) return refused;
    }
    if (this.#parts.length === 0 && name.endsWith('/')) this.#wantsDirectory = true;
    const parts = name.split('/').filter((part) => part !== '');
    this.#parts.push(...parts.reverse());
    return 0;
  }

  #beginAtRoot(): number {
    if (this.#has(f.RESOLVE_BENEATH)) return -EXDEV;
    if (this.#links > 0) {
      const refused = this.#enter(this.#root);
      if (refused < 0) return refused;
      if (!this.#knowsRoot && this.#has(f.RESOLVE_NO_XDEV)) return -EXDEV;
    }
    this.#knowsRoot = true;
    this.#at = this.#root;
    return 0;
  }

  /** One part further. */
  #step(name: string): Found | number {
    const at = this.#at;
    if (!(at instanceof Directory)) return -ENOTDIR;
    if (!at.permits(this.caller, MAY_SEARCH)) return -EACCES;
    if (name === '.') return this.#here(name);
    if (name === '..') return this.#up(at);
    const isLast = this.#parts.length === 0;
    if (isLast && this.#wantsDirectory && this.options.creates) return -EISDIR;
    if (name.length > LONGEST_NAME) return -ENAMETOOLONG;
    const object = at.lookup(name, this.caller);
    const found = { object, parent: at, name, wantsDirectory: this.#wantsDirectory };
    if (object === undefined) return found;
    if (object instanceof Link && (!isLast || this.options.follows || this.#wantsDirectory)) {
      return this.#follow(object);
    }
    const refused = this.#enter(object);
    if (refused < 0) return refused;
    this.#at = object;
    return found;
  }

  #up(at: Directory): Found | number {
    this.#knowsRoot = true;
    if (at === this.#root) {
      if (this.#has(f.RESOLVE_BENEATH)) return -EXDEV;
    } else {
      const above = at.parent ?? at;
      const refused = this.#enter(above);
      if (refused < 0) return refused;
      this.#at = above;
    }
    return this.#here('..');
  }

  #follow(link: Link): Found | number {
    if (++this.#links > MOST_LINKS || this.#has(f.RESOLVE_NO_SYMLINKS)) return -ELOOP;
    const { file, target } = link;
    if (file !== undefined) {
      if (this.#has(f.RESOLVE_NO_MAGICLINKS)) return -ELOOP;
      if (this.#has(IS_SCOPED)) return -EXDEV;
      const refused = file.object instanceof Inode ? this.#enter(file.object) : 0;
      if (refused < 0) return refused;
      this.#at = file.object;
      return this.#here('');
    }
    const refused = this.#begin(target);
    // The link alone leads nowhere yet: its target's parts come next.
    return refused < 0 ? refused : this.#here('.');
  }

  /** Whether this may be entered from where the walk is: 0 or −errno. */
  #enter(inode: Inode): number {
    const at = this.#at as Inode;
    const crosses = inode.fileSystem !== at.fileSystem;
    return crosses && this.#has(f.RESOLVE_NO_XDEV) ? -EXDEV : 0;
  }
}

const IS_SCOPED = f.RESOLVE_BENEATH | f.RESOLVE_IN_ROOT;
