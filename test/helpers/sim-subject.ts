import { ENOSYS } from '../../src/kernel/errno.js';
import { AT_FDCWD, O_RDWR } from '../../src/kernel/flags.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { PAGE_SIZE } from '../../src/kernel/sim/page.js';
import { SimKernel } from '../../src/kernel/sim/sim.js';
import type { TestProcess } from './process.js';
import { type Area, CallSubject, type Credentials, type TreeOfNames } from './subject.js';

/** The families of rows, by the folder of their files, that run on the sim kernel too. */
export const BUILT: readonly string[] = ['pipe', 'io', 'socket', 'file', 'event', 'mm'];

/** A row needs what is not built yet: it counts as skipped, with this as the reason. */
export class NotBuilt extends Error {}

/** A machine of its own for each row. */
export class SimSubject extends CallSubject {
  /** A task has a turn of the event loop, so that rows can count turns and go on between two. */
  readonly sim = new SimKernel({ schedule: (task) => setImmediate(task) });
  readonly kernel: Kernel = strict(this.sim);
  /** The first process of a machine is root's. */
  readonly credentials: Credentials = { pid: 1, uid: 0, gid: 0 };
  #paths = 0;

  constructor() {
    super();
    // 0, 1 and 2 are open in every process.
    this.sim.openat(AT_FDCWD, '/dev/null', O_RDWR, 0);
    this.sim.dup(0);
    this.sim.dup(0);
  }

  path = (): string => `/tmp/${this.#paths++}`;

  directory = (): string => {
    const path = this.path();
    this.sim.mkdir(path);
    return path;
  };

  unlink = (path: string): void => this.sim.unlink(path);

  get names(): TreeOfNames {
    return this.sim;
  }

  area = (address: number): Area => {
    const areas = this.sim.inspect().processes.flatMap((one) => one.areas);
    const { permissions = '', pages = [] } = areas.find(({ start }) => start === address) ?? {};
    return { permissions, residentBytes: pages.length * PAGE_SIZE };
  };

  process = async (): Promise<TestProcess> => needs('processes');

  openDescriptors = (): string[] => {
    const { processes, descriptions, objects } = this.sim.inspect();
    return processes.flatMap(({ pid, descriptors }) =>
      descriptors.map(({ fd, description }) => {
        const object = descriptions[description]?.object ?? -1;
        return `${pid} ${fd} ${objects[object]?.kind}`;
      }),
    );
  };
}

/** −ENOSYS is thrown, so that a row cannot take it for an answer. */
function strict(kernel: Kernel): Kernel {
  return new Proxy(kernel, {
    get(target, name: string & keyof Kernel) {
      const call = target[name] as (...parameters: unknown[]) => unknown;
      if (typeof call !== 'function') return call;
      return (...parameters: unknown[]) => {
        const result = call.apply(target, parameters);
        return result === -ENOSYS ? needs(name) : result;
      };
    },
  });
}

function needs(what: string): never {
  throw new NotBuilt(`the sim kernel has no ${what} yet`);
}
