import { AT_FDCWD, O_RDONLY, O_RDWR } from '../../src/kernel/flags.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { Directory } from '../../src/kernel/sim/file/directory.js';
import type { ProcessSnapshot } from '../../src/kernel/sim/inspect.js';
import { Machine } from '../../src/kernel/sim/machine.js';
import { PAGE_SIZE } from '../../src/kernel/sim/page.js';
import { Process } from '../../src/kernel/sim/processes.js';
import { SimKernel } from '../../src/kernel/sim/sim.js';
import type { TestProcess } from './process.js';
import { type SimProcess, startSimProcess } from './sim-process.js';
import { type Area, CallSubject, type Credentials, type TreeOfNames } from './subject.js';

/** Where the files of a row are. */
const ROOT = '/tmp/row';

/** A machine of its own for each row. */
export class SimSubject extends CallSubject {
  /** A task has a turn of the event loop: rows can count turns, and go on between two. */
  readonly #caller = new Process(new Machine({ schedule: (task) => setImmediate(task) }));
  readonly sim = new SimKernel({}, this.#caller);
  readonly kernel: Kernel = this.sim;
  readonly credentials: Credentials;
  readonly #processes: SimProcess[] = [];
  #paths = 0;

  constructor() {
    super();
    const { pid, uid, gid } = this.#caller;
    this.credentials = { pid, uid, gid };
    // 0, 1 and 2 are open in every process.
    this.sim.openat(AT_FDCWD, '/dev/null', O_RDWR, 0);
    this.sim.dup(0);
    this.sim.dup(0);
    this.sim.mkdir(ROOT);
  }

  path = (): string => `${ROOT}/${this.#paths++}`;

  directory = (): string => {
    const path = this.path();
    this.sim.mkdir(path);
    return path;
  };

  unlink = (path: string): void => this.sim.unlink(path);

  /** The numbers that are open, and what each is open on. */
  openDescriptors = (): string[] => {
    const { descriptions, objects } = this.sim.inspect();
    return this.#own.descriptors.map(({ fd, description }) => {
      const object = descriptions[description]?.object ?? -1;
      return `${fd} ${objects[object]?.kind}`;
    });
  };

  get names(): TreeOfNames {
    return this.sim;
  }

  area = (address: number): Area => {
    const found = this.#own.areas.find(({ start }) => start === address);
    const { permissions = '', pages = [] } = found ?? {};
    return { permissions, residentBytes: pages.length * PAGE_SIZE };
  };

  process = async (inherit: readonly number[] = []): Promise<TestProcess> => {
    const started = startSimProcess(this.#caller, inherit);
    this.#processes.push(started);
    return started;
  };

  /** All that can be seen of the machine, but for what has been counted, and what still waits. */
  state() {
    const { counters: _, ...state } = this.sim.inspect();
    const { sleepers, watches, signalWatches } = this.#caller;
    const waiting = [sleepers, watches, signalWatches].map(({ size }) => size);
    return { ...state, waiting };
  }

  get #own(): ProcessSnapshot {
    return this.sim.inspect().processes[0] as ProcessSnapshot;
  }

  override async end(): Promise<void> {
    for (const started of this.#processes) await started.end();
    await super.end();
    // What has been scheduled is over.
    await new Promise<void>((resolve) => this.#caller.machine.schedule(resolve));
    const { table } = this.#caller;
    const root = this.sim.openat(AT_FDCWD, ROOT, O_RDONLY, 0);
    empty(table.get(root)?.object as Directory, this.#caller);
    this.sim.close(root);
  }
}

/** Whatever the names are: they need not be UTF-8. */
function empty(directory: Directory, caller: Process): void {
  for (const name of directory.names()) {
    const inode = directory.lookup(name, caller);
    if (inode instanceof Directory) empty(inode, caller);
    directory.unlink(name);
    inode?.unlinked();
  }
}
