/** The tree of names of a machine: the disk at /, /dev, /proc and /sys. Browser compatible. */
import type { Machine } from '../machine.js';
import { PAGE_SIZE } from '../page.js';
import { FullDevice, NullDevice, RandomDevice, ZeroDevice } from './device.js';
import { Directory } from './directory.js';
import { DISK, FileSystem, MEMORY, PROC, SYSTEM } from './file-system.js';
import { ROOTS } from './inode.js';
import { procTree, sysTree } from './proc.js';
import { TerminalDevice } from './terminal.js';

/** st_dev of each file system. */
const DEVICES = { memory: 1, devices: 6, proc: 21, system: 22, shared: 25, disk: 0xfe00 };
/** A directory in which everybody makes files, and nobody takes those of others away. */
const STICKY = { ...ROOTS, mode: 0o1777 };

export class Tree {
  #root: Directory | undefined;
  /** Where memfd_create(2) makes files, without a name. */
  readonly memory = new FileSystem(MEMORY, DEVICES.memory, Number.POSITIVE_INFINITY);

  constructor(
    readonly machine: Machine,
    /** How large the disk is. */
    readonly diskBytes: number,
  ) {}

  /** /: made when the first name is walked, because many machines have none. */
  get root(): Directory {
    this.#root ??= rootTree(this.machine, this.diskBytes);
    return this.#root;
  }
}

function rootTree(machine: Machine, diskBytes: number): Directory {
  const disk = new FileSystem(DISK, DEVICES.disk, Math.floor(diskBytes / PAGE_SIZE));
  const proc = new FileSystem(PROC, DEVICES.proc, 0);
  const system = new FileSystem(SYSTEM, DEVICES.system, 0);
  const root = new Directory(machine, disk, ROOTS);
  root.parent = root;
  root.link('tmp', new Directory(machine, disk, STICKY));
  root.link('dev', devTree(machine));
  root.link('proc', procTree(machine, proc));
  root.link('sys', sysTree(machine, system));
  return root;
}

function devTree(machine: Machine): Directory {
  const { devices, shared } = DEVICES;
  const system = new FileSystem(MEMORY, devices, Number.POSITIVE_INFINITY);
  const dev = new Directory(machine, system, ROOTS);
  dev.link('null', new NullDevice(machine, system, 3));
  dev.link('zero', new ZeroDevice(machine, system, 5));
  dev.link('full', new FullDevice(machine, system, 7));
  dev.link('random', new RandomDevice(machine, system, 8));
  dev.link('urandom', new RandomDevice(machine, system, 9));
  dev.link('ptmx', new TerminalDevice(machine, system, { ...ROOTS, mode: 0o666 }));
  const memory = new FileSystem(MEMORY, shared, Number.POSITIVE_INFINITY);
  dev.link('shm', new Directory(machine, memory, STICKY));
  return dev;
}
