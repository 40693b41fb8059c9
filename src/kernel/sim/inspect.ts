/** What a machine looks like inside, as plain data that JSON takes. Browser compatible. */
import type { Tally } from './counters.js';
import type { Description } from './description.js';
import type { Machine } from './machine.js';
import type { Area } from './mm/area.js';
import type { Page } from './page.js';
import type { ObjectKind, ObjectStates } from './states.js';

/**
 * A machine at one moment.
 *
 * @example
 * ```ts
 * import { deepEqual, equal } from 'node:assert/strict';
 * import { SimKernel } from 'sluice/sim';
 *
 * const kernel = new SimKernel();
 * kernel.pipe2(0, new Int32Array(2));
 * kernel.write(1, new Uint8Array(5));
 * const { objects, pages, counters } = kernel.inspect();
 * const [object] = objects;
 * if (object?.kind === 'pipe') equal(object.state.slots[0]?.length, 5);
 * deepEqual(pages, [{ references: 1 }]);
 * deepEqual(counters.write, { calls: 1, bytesCopied: 5, pagesPassed: 0 });
 * ```
 */
export interface Snapshot {
  readonly processes: readonly ProcessSnapshot[];
  /** The open file descriptions, in the order in which the tables name them first. */
  readonly descriptions: readonly DescriptionSnapshot[];
  /** What the descriptions are open on. */
  readonly objects: readonly ObjectSnapshot[];
  /** The pages that the objects name by their place here. */
  readonly pages: readonly PageSnapshot[];
  /** How many pages pipes, files and mappings refer to. */
  readonly pagesInUse: number;
  /** How many descriptors were sent through Unix sockets and not received yet. */
  readonly descriptorsInFlight: number;
  /** What each call that was made has cost. */
  readonly counters: Readonly<Record<string, Readonly<Tally>>>;
}

export interface ProcessSnapshot {
  readonly pid: number;
  readonly uid: number;
  readonly descriptors: readonly DescriptorSnapshot[];
  /** What is mapped, by address. */
  readonly areas: readonly AreaSnapshot[];
}

export interface AreaSnapshot {
  readonly start: number;
  /** The first address behind it. */
  readonly end: number;
  /** As /proc/self/maps has them: rwx, then s(hared) or p(rivate). */
  readonly permissions: string;
  /** The place of the file in `descriptions`; null for private memory without a file. */
  readonly description: number | null;
  /** Which byte of the file is at `start`. */
  readonly position: number;
  /** Those that were needed so far, by the place of each in the snapshot's `pages`. */
  readonly pages: readonly { readonly address: number; readonly page: number }[];
}

export interface DescriptorSnapshot {
  readonly fd: number;
  readonly closeOnExec: boolean;
  /** Its place in `descriptions`. */
  readonly description: number;
}

export interface DescriptionSnapshot {
  /** Its place in `objects`. */
  readonly object: number;
  /** As F_GETFL has them. */
  readonly flags: number;
  /** In decimal, because it may be beyond 2^53. */
  readonly offset: string;
  readonly references: number;
}

/** `kind` tells which `state`: a pipe has its slots, a file its size and pages. */
export type ObjectSnapshot = {
  readonly [Kind in ObjectKind]: { readonly kind: Kind; readonly state: ObjectStates[Kind] };
}[ObjectKind];

export interface PageSnapshot {
  /** How many slots, files and mappings refer to it: more than one where nothing was copied. */
  readonly references: number;
}

export function inspect(machine: Machine): Snapshot {
  const descriptions = new Index<Description>();
  const pages = new Index<Page>();
  const processes = [...machine.processes.values()].map(({ pid, uid, table, space }) => ({
    pid,
    uid,
    descriptors: [...table.entries()].map(([fd, description]) => ({
      fd,
      closeOnExec: table.isCloseOnExec(fd),
      description: descriptions.of(description),
    })),
    areas: [...space.areas].map((area) => areaOf(area, space.pagesOf(area), descriptions, pages)),
  }));
  const objects = new Index<Description['object']>();
  return {
    processes,
    descriptions: descriptions.all.map(({ object, flags, offset, references }) => ({
      object: objects.of(object),
      flags,
      offset: `${offset}`,
      references,
    })),
    objects: objects.all.map((object) => {
      const state = object.inspect((page) => pages.of(page));
      return { kind: object.kind, state } as ObjectSnapshot;
    }),
    pages: pages.all.map(({ references }) => ({ references })),
    pagesInUse: machine.pages.used,
    descriptorsInFlight: machine.inFlight.count,
    counters: machine.counters.all(),
  };
}

function areaOf(
  area: Area,
  found: readonly [address: number, page: Page][],
  descriptions: Index<Description>,
  pages: Index<Page>,
): AreaSnapshot {
  const { start, end, permissions, position } = area;
  const { file } = area.kind;
  return {
    start,
    end,
    permissions,
    description: file === undefined ? null : descriptions.of(file),
    position,
    pages: found.map(([address, page]) => ({ address, page: pages.of(page) })),
  };
}

/** Things by the order in which they were met. */
class Index<T> {
  readonly #places = new Map<T, number>();

  get all(): T[] {
    return [...this.#places.keys()];
  }

  of(thing: T): number {
    const place = this.#places.get(thing) ?? this.#places.size;
    this.#places.set(thing, place);
    return place;
  }
}
