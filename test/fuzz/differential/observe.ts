/** What is looked at beside the results: what a user can see of the state. */
import * as f from '../../../src/kernel/flags.js';
import { SPECS } from './calls.js';
import { compareOutputs, type Seen, type Sides } from './run.js';
import type { Side } from './side.js';
import type { Name, Step } from './step.js';

const EVENTS = f.POLLIN | f.POLLPRI | f.POLLOUT | f.POLLRDHUP;
const PAGE = 4096;
const DRAIN_BYTES = 1 << 16;
const CONTENT_BYTES = 200_000;

type Look = (side: Side, fd: number) => number;

/** What a call may change of the descriptors that it was given. */
const LOOKS: Readonly<Record<string, Look>> = {
  FIONREAD: (side, fd) => side.kernel.ioctl(fd, f.FIONREAD, side.words(new Int32Array(1))),
  F_GETPIPE_SZ: ({ kernel }, fd) => kernel.fcntl(fd, f.F_GETPIPE_SZ),
  F_GETFL: ({ kernel }, fd) => kernel.fcntl(fd, f.F_GETFL),
  offset: (side, fd) => side.kernel.lseek(fd, 0, f.SEEK_CUR, side.words(new BigInt64Array(1))),
};

/** What is looked at when the sequence is over. */
const LAST_LOOKS: Readonly<Record<string, Look>> = {
  ...LOOKS,
  F_GETFD: ({ kernel }, fd) => kernel.fcntl(fd, f.F_GETFD),
  F_GET_SEALS: ({ kernel }, fd) => kernel.fcntl(fd, f.F_GET_SEALS),
  size: sizeOf,
  pread: (side, fd) => side.kernel.pread(fd, side.room(CONTENT_BYTES), 0),
};

/** The calls that move bytes or offsets change these; poll(2) tells of the others. */
export function compareNamed({ call, values, makes }: Step, sides: Sides): Seen | undefined {
  const parameters = SPECS[call]?.parameters ?? [];
  const given = values.filter((_, index) => parameters[index]?.kinds) as Name[];
  return compareLooks(LOOKS, [...given, ...makes], sides);
}

/** All open descriptors, and at last what is in them. */
export function compareAll(sides: Sides): Seen | undefined {
  const names = sides[0].names();
  return (
    compareLooks(LAST_LOOKS, names, sides) ??
    compareMappings(sides) ??
    compareContents(names, sides)
  );
}

/** Page by page: what lies behind a bad one is looked at too. */
function compareMappings(sides: Sides): Seen | undefined {
  const pages = sides[0].mappings().reduce((sum, { length }) => sum + length / PAGE, 0);
  for (let page = 0; page < pages; page++) {
    const seen = compare('a page of a mapping', sides, (side) =>
      side.kernel.load(pageOf(side, page), side.room(PAGE)),
    );
    if (seen !== undefined) return seen;
  }
  return undefined;
}

/** The address of the nth page of all mappings. */
function pageOf(side: Side, nth: number): number {
  let left = nth;
  for (const { address, length } of side.mappings()) {
    if (left < length / PAGE) return address + left * PAGE;
    left -= length / PAGE;
  }
  return 0;
}

function compareLooks(
  looks: Readonly<Record<string, Look>>,
  names: readonly Name[],
  sides: Sides,
): Seen | undefined {
  for (const name of names) {
    for (const what in looks) {
      const seen = compare(`${what} of d${name}`, sides, (side) =>
        (looks[what] as Look)(side, side.fd(name)),
      );
      if (seen !== undefined) return seen;
    }
  }
  return undefined;
}

/** What can be read, to the end. */
function compareContents(names: readonly Name[], sides: Sides): Seen | undefined {
  for (const name of names) {
    for (let times = 0; times < 100; times++) {
      let linux = 0;
      const seen = compare(`read of d${name} at the end`, sides, (side) => {
        const result = side.kernel.read(side.fd(name), side.room(DRAIN_BYTES));
        if (side === sides[0]) linux = result;
        return result;
      });
      if (seen !== undefined) return seen;
      if (linux <= 0) break;
    }
  }
  return undefined;
}

function compare(what: string, sides: Sides, look: (side: Side) => number): Seen | undefined {
  const [linux, sim] = sides.map((side) => {
    side.begin();
    return look(side);
  }) as [number, number];
  return linux === sim ? compareOutputs(what, sides) : { what, linux, sim };
}

function sizeOf({ kernel }: Side, fd: number): number {
  const stat = new BigInt64Array(f.STAT_FIELDS);
  const result = kernel.fstat(fd, stat);
  const isFile = (Number(stat[f.STAT_MODE]) & f.S_IFMT) === f.S_IFREG;
  return result < 0 || !isFile ? result : Number(stat[f.STAT_SIZE]);
}

/** The poll masks of all, in one call a side. */
export function comparePolls(sides: Sides): Seen | undefined {
  const names = sides[0].names();
  const [linux, sim] = sides.map((side) => polled(side, names)) as [Int32Array, Int32Array];
  for (const [index, name] of names.entries()) {
    const [ours, theirs] = [linux[3 * index + 2], sim[3 * index + 2]] as [number, number];
    if (ours !== theirs) return { what: `poll of d${name}`, linux: ours, sim: theirs };
  }
  return undefined;
}

function polled(side: Side, names: readonly Name[]): Int32Array {
  const fds = new Int32Array(3 * names.length);
  for (const [index, name] of names.entries()) fds.set([side.fd(name), EVENTS], 3 * index);
  side.kernel.poll(0, fds);
  return fds;
}
