/**
 * The files of /proc and /sys that there are: limits that can be written, what a process has open,
 * and a few texts. This module is browser compatible.
 */
import { EFAULT, EINVAL } from '../../errno.js';
import { S_IFREG } from '../../flags.js';
import type { Offset } from '../../kernel.js';
import type { Call } from '../call.js';
import type { Cursor } from '../cursor.js';
import type { Description } from '../description.js';
import type { Limits, Machine } from '../machine.js';
import { HUGE_PAGE_SIZE, type HugePages } from '../mm/huge-pages.js';
import { mapsOf } from '../mm/maps.js';
import { plus } from '../offset.js';
import type { Process } from '../processes.js';
import { LAST_SIGNAL } from '../signals.js';
import { Directory, Link } from './directory.js';
import type { FileSystem } from './file-system.js';
import { Inode, ROOTS } from './inode.js';

/** What a file of /proc says and takes. */
interface Text {
  read(): string;
  /** Takes a new value; −errno. */
  write?(text: string): number;
  /** The files of a process cannot be spliced. */
  readonly splices: boolean;
}

/** A file whose content is made when it is read, and whose size is 0. */
class TextFile extends Inode {
  readonly kind = 'text';
  readonly type = S_IFREG;

  constructor(
    machine: Machine,
    fileSystem: FileSystem,
    readonly text: Text,
  ) {
    super(machine, fileSystem, { ...ROOTS, mode: text.write === undefined ? 0o444 : 0o644 });
  }

  override get splicesByCopy(): boolean {
    return this.text.splices;
  }

  override read(file: Description, memory: Cursor, position: Offset | null, _call: Call): number {
    const bytes = new TextEncoder().encode(this.text.read());
    const start = Number(position ?? file.offset);
    const length = Math.max(0, Math.min(memory.left, bytes.length - start));
    const moved = memory.fill(bytes, start, length);
    if (position === null) file.offset = plus(file.offset, moved);
    return moved < length ? moved || -EFAULT : moved;
  }

  /** Only what is written at the start counts. */
  override write(file: Description, memory: Cursor, position: Offset | null, _call: Call): number {
    if (this.text.write === undefined) return -EINVAL;
    const length = memory.left;
    const bytes = new Uint8Array(length);
    if (memory.take(bytes, 0, length) < length) return -EFAULT;
    const isFirst = (position ?? file.offset) === 0;
    const refused = isFirst && length > 0 ? this.text.write(new TextDecoder().decode(bytes)) : 0;
    if (refused < 0) return refused;
    if (position === null) file.offset = plus(file.offset, length);
    return length;
  }

  override truncate(): number {
    return this.text.write === undefined ? -EINVAL : 0;
  }

  override unread(): number {
    return 0;
  }
}

/** A directory in which nobody makes files. */
class FixedDirectory extends Directory {
  override get takesFiles(): boolean {
    return false;
  }
}

/** /proc: its processes come and go. */
class ProcDirectory extends FixedDirectory {
  readonly #processes = new WeakMap<Process, Directory>();

  override lookup(name: string, caller: Process): Inode | undefined {
    if (name === 'self') return this.#self(caller);
    const found = isNumber(name) ? this.machine.processes.get(Number(name)) : undefined;
    return found === undefined ? super.lookup(name, caller) : this.#process(found);
  }

  override names(): string[] {
    return [...super.names(), 'self', ...[...this.machine.processes.keys()].map(String)];
  }

  #self({ pid }: Process): Link {
    const link = new Link(this.machine, this.fileSystem, ROOTS, `${pid}`);
    return adopt(this, 'self', link);
  }

  #process(caller: Process): Directory {
    let directory = this.#processes.get(caller);
    if (directory === undefined) {
      const made = processDirectory(this.machine, this.fileSystem, caller);
      directory = adopt(this, `${caller.pid}`, made);
      this.#processes.set(caller, directory);
    }
    return directory;
  }
}

/** /proc/PID/fd: a magic link for each descriptor. */
class DescriptorDirectory extends FixedDirectory {
  constructor(
    machine: Machine,
    fileSystem: FileSystem,
    readonly owner: Process,
  ) {
    super(machine, fileSystem, { ...ROOTS, mode: 0o500, uid: owner.uid });
  }

  override lookup(name: string): Inode | undefined {
    const file = isNumber(name) ? this.owner.table.get(Number(name)) : undefined;
    if (file === undefined) return undefined;
    const { path } = file.object;
    return adopt(this, name, new Link(this.machine, this.fileSystem, ROOTS, path, file));
  }

  override names(): string[] {
    return [...this.owner.table.entries()].map(([fd]) => `${fd}`);
  }
}

/** As /proc writes it: 01 is no name there. */
function isNumber(name: string): boolean {
  return /^(0|[1-9]\d*)$/.test(name);
}

/** Gives a name to what a directory does not keep. */
function adopt<T extends Inode>(parent: Directory, name: string, inode: T): T {
  inode.parent = parent;
  inode.name = name;
  return inode;
}

const VERSION = 'Linux version 6.18.0-sluice (sim) #1';

function processDirectory(machine: Machine, fileSystem: FileSystem, owner: Process): Directory {
  const directory = new FixedDirectory(machine, fileSystem, { ...ROOTS, mode: 0o555 });
  directory.link('fd', new DescriptorDirectory(machine, fileSystem, owner));
  const texts: Record<string, () => string> = {
    status: () => statusOf(owner),
    cmdline: () => 'sim\0',
    environ: () => '',
    maps: () => mapsOf(owner.space),
    mem: () => '',
  };
  for (const [name, read] of Object.entries(texts)) {
    directory.link(name, new TextFile(machine, fileSystem, { read, splices: false }));
  }
  return directory;
}

function statusOf({ pid, uid, gid, signals }: Process): string {
  const lines = {
    Name: 'sim',
    Pid: pid,
    Uid: uid,
    Gid: gid,
    SigIgn: setOf((signal) => signals.action(signal) === 'ignore'),
    SigCgt: setOf((signal) => typeof signals.action(signal) === 'function'),
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name}:\t${value}\n`)
    .join('');
}

/** A set of signals as /proc shows it: a bit each, the first one the lowest. */
function setOf(isIn: (signal: number) => boolean): string {
  let bits = 0n;
  for (let signal = 1; signal <= LAST_SIGNAL; signal++) {
    if (isIn(signal)) bits |= 1n << BigInt(signal - 1);
  }
  return bits.toString(16).padStart(16, '0');
}

/** /proc */
export function procTree(machine: Machine, fileSystem: FileSystem): Directory {
  const folder = () => new FixedDirectory(machine, fileSystem, { ...ROOTS, mode: 0o555 });
  const file = (read: () => string, write?: Text['write']) =>
    new TextFile(machine, fileSystem, { read, splices: true, ...(write && { write }) });
  const proc = new ProcDirectory(machine, fileSystem, { ...ROOTS, mode: 0o555 });
  proc.link(
    'version',
    file(() => `${VERSION}\n`),
  );
  proc.link(
    'cpuinfo',
    file(() => 'processor\t: 0\nmodel name\t: sim\n\n'),
  );
  proc.link(
    'meminfo',
    file(() => memoryText(machine.hugePages)),
  );
  const settings = proc.link('sys', folder());
  settings.link('vm', folder()).link(
    'nr_hugepages',
    file(
      () => `${machine.hugePages.total}\n`,
      (text) => resize(machine.hugePages, text),
    ),
  );
  const system = settings.link('fs', folder());
  for (const [name, limit] of Object.entries(LIMITS)) {
    const write = (text: string) => setLimit(machine.limits, limit, text);
    system.link(
      name,
      file(() => `${machine.limits[limit]}\n`, write),
    );
  }
  return proc;
}

function memoryText({ total, free, reserved }: HugePages): string {
  const lines = [
    ['HugePages_Total:', `${total}`],
    ['HugePages_Free:', `${free}`],
    ['HugePages_Rsvd:', `${reserved}`],
    ['Hugepagesize:', `${HUGE_PAGE_SIZE / 1024} kB`],
  ] as const;
  return lines.map(([name, value]) => `${name.padEnd(16)}${value.padStart(8)}\n`).join('');
}

function resize(hugePages: HugePages, text: string): number {
  const count = numberIn(text);
  if (count === undefined) return -EINVAL;
  hugePages.resize(count);
  return 0;
}

/** /sys, as far as /sys/devices/system/cpu/online. */
export function sysTree(machine: Machine, fileSystem: FileSystem): Directory {
  const folder = () => new FixedDirectory(machine, fileSystem, ROOTS);
  const root = folder();
  let place = root;
  for (const name of ['devices', 'system', 'cpu']) place = place.link(name, folder());
  place.link('online', new TextFile(machine, fileSystem, { read: () => '0\n', splices: true }));
  return root;
}

const LIMITS: Readonly<Record<string, keyof Limits>> = {
  'pipe-max-size': 'pipeMaxBytes',
  'pipe-user-pages-soft': 'pipeUserPagesSoft',
  'pipe-user-pages-hard': 'pipeUserPagesHard',
};

const SMALLEST_PIPE_BYTES = 4096;
const LARGEST_PIPE_BYTES = 2 ** 31;

/** The size of a pipe becomes a power of two, as pipe(7) says. */
function setLimit(limits: Limits, name: keyof Limits, text: string): number {
  const value = numberIn(text);
  if (value === undefined) return -EINVAL;
  if (name !== 'pipeMaxBytes') limits[name] = value;
  else if (value > LARGEST_PIPE_BYTES) return -EINVAL;
  else limits[name] = 2 ** Math.ceil(Math.log2(Math.max(value, SMALLEST_PIPE_BYTES)));
  return 0;
}

function numberIn(text: string): number | undefined {
  const digits = /^\s*(0x[0-9a-f]+|\d+)(\s|$)/i.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
