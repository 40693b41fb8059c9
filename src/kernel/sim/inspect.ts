/** What a machine looks like inside, as plain data that JSON takes. Browser compatible. */
import type { Tally } from './counters.js';
import type { Description } from './description.js';
import type { Machine } from './machine.js';
import type { Page } from './page.js';

/** A machine at one moment. */
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
  /** What each call that was made has cost. */
  readonly counters: Readonly<Record<string, Readonly<Tally>>>;
}

export interface ProcessSnapshot {
  readonly pid: number;
  readonly uid: number;
  readonly descriptors: readonly DescriptorSnapshot[];
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

export interface ObjectSnapshot {
  readonly kind: string;
  /** What there is to say of this kind: a pipe's slots, a file's size. */
  readonly state: Readonly<Record<string, unknown>>;
}

export interface PageSnapshot {
  /** How many slots, files and mappings refer to it: more than one where nothing was copied. */
  readonly references: number;
}

export function inspect(machine: Machine): Snapshot {
  const descriptions = new Index<Description>();
  const processes = [...machine.processes.values()].map(({ pid, uid, table }) => ({
    pid,
    uid,
    descriptors: [...table.entries()].map(([fd, description]) => ({
      fd,
      closeOnExec: table.isCloseOnExec(fd),
      description: descriptions.of(description),
    })),
  }));
  const objects = new Index<Description['object']>();
  const pages = new Index<Page>();
  return {
    processes,
    descriptions: descriptions.all.map(({ object, flags, offset, references }) => ({
      object: objects.of(object),
      flags,
      offset: `${offset}`,
      references,
    })),
    objects: objects.all.map((object) => ({
      kind: object.kind,
      state: object.inspect((page) => pages.of(page)),
    })),
    pages: pages.all.map(({ references }) => ({ references })),
    pagesInUse: machine.pages.used,
    counters: machine.counters.all(),
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
