/**
 * What is asked of the figures, all in one place, and what was found to limit those that are
 * missed.
 */
import { figure, type Rounds, ratio } from './rounds.js';
import { type Column, type Table, written } from './suite.js';

export interface Target {
  readonly table: string;
  readonly key: string;
  /** The peer whose figure ours is divided by; without it, the figure itself is judged. */
  readonly against?: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** What limits it, by profile or counts of calls; said only where it is missed. */
  readonly limit?: string;
}

export interface Verdict {
  readonly target: Target;
  readonly measured: number;
  readonly met: boolean;
}

export const TARGETS: readonly Target[] = [
  { table: 'calls', key: 'dup', against: 'C', atMost: 1.4 },
  { table: 'calls', key: 'dup', against: 'Python', atMost: 1 },
  { table: 'calls', key: 'getfl', against: 'C', atMost: 1.4 },
  { table: 'calls', key: 'getfl', against: 'Python', atMost: 1 },
  { table: 'startup', key: 'wallAdded', atMost: 20 },
  { table: 'startup', key: 'residentAdded', atMost: 6 },
  { table: 'copy-socket', key: 'cpu', against: 'nginx, sendfile', atMost: 1 },
  { table: 'copy-socket', key: 'rate', against: 'C, a loop of sendfile', atLeast: 0.95 },
  { table: 'copy-file', key: 'rate', against: 'cp', atLeast: 1 },
  { table: 'copy-file', key: 'rate', against: 'fs.copyFile()', atLeast: 1 },
  { table: 'copy-pipe', key: 'rate', against: 'pv', atLeast: 1 },
  { table: 'copy-pipe', key: 'rate', against: 'Node streams', atLeast: 2 },
  { table: 'relay-flood', key: 'rate', against: 'HAProxy', atLeast: 1.5 },
  { table: 'relay-flood', key: 'cpu', against: 'HAProxy', atMost: 0.5 },
  { table: 'relay-flood', key: 'rate', against: 'socat', atLeast: 3 },
  { table: 'relay-flood', key: 'rate', against: 'a.pipe(b)', atLeast: 4 },
  { table: 'relay-flood', key: 'cpu', against: 'a.pipe(b)', atMost: 0.15 },
  { table: 'relay-flood', key: 'rate', against: 'no relay', atLeast: 0.85 },
  { table: 'relay-requests', key: 'rate', against: 'HAProxy', atLeast: 1.15 },
  { table: 'relay-connections', key: 'rate', against: 'HAProxy', atLeast: 1 },
  { table: 'relay-latency', key: 'latency', against: 'HAProxy', atMost: 1 },
  { table: 'relay-idle', key: 'memory', against: 'HAProxy', atMost: 2 },
  { table: 'relay-idle', key: 'wakes', atMost: 0 },
  { table: 'relay-growth', key: 'least', atLeast: 0.8 },
  { table: 'tee', key: 'rate', against: 'GNU tee', atLeast: 2 },
  { table: 'tee', key: 'rate', against: 'Node streams', atLeast: 2.5 },
  { table: 'children', key: 'rate', against: 'execa', atLeast: 1.5 },
  { table: 'children', key: 'cpu', against: 'execa', atMost: 0.1 },
  { table: 'children', key: 'rate', against: 'Node streams', atLeast: 1.5 },
  { table: 'children', key: 'cpu', against: 'Node streams', atMost: 0.1 },
];

/** Each target of the table against its figures, in the order of the targets. */
export function verdicts(
  { id, ours }: Table,
  all: Rounds,
  targets: readonly Target[] = TARGETS,
): Verdict[] {
  const own = targets.filter((target) => target.table === id);
  return own.map((target) => {
    const { key, against, atLeast = Number.NEGATIVE_INFINITY, atMost = Infinity } = target;
    const measured =
      against === undefined ? figure(all, ours, key) : ratio(all, ours, against, key);
    return { target, measured, met: measured >= atLeast && measured <= atMost };
  });
}

/** `throughput ≥ 1.5 × HAProxy's`, `wake-ups ≤ 0`. */
export function asked({ columns }: Table, target: Target): string {
  const { key, against, atLeast, atMost } = target;
  const column = columnOf(columns, key);
  const bound = atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
  if (against === undefined) return `${column.title} ${bound} ${column.unit}`.trim();
  return `${column.title} ${bound} × that of ${against}`;
}

export function measuredText({ columns }: Table, { target, measured }: Verdict): string {
  if (target.against === undefined) return written(columnOf(columns, target.key), measured);
  return Number.isNaN(measured) ? 'not measured' : `${measured.toFixed(2)} ×`;
}

function columnOf(columns: readonly Column[], key: string): Column {
  const column = columns.find((one) => one.key === key);
  if (column === undefined) throw new RangeError(`a target speaks of "${key}", which is no column`);
  return column;
}
