/**
 * What a benchmark is: tables, each of them one picture, whose rows are contenders. Its words and
 * columns are here and in the suites; only figures are kept as JSON, so that all the rest can be
 * written and drawn anew without a run.
 */
import type { Peer } from './peers.js';
import type { Rounds } from './rounds.js';

export interface Column {
  /** The name of the figure. */
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  /** Which way is good; a column without it is only told, not compared or drawn. */
  readonly better?: 'more' | 'less';
}

export interface Table {
  /** Names the picture, and the table where targets speak of it. */
  readonly id: string;
  readonly title: string;
  /** The title in few words, where many stand below each other. */
  readonly short: string;
  readonly about: string;
  /** The contender that is sluice. */
  readonly ours: string;
  readonly columns: readonly Column[];
  /** What the columns count: drawn as a line over them instead of a bar for each contender. */
  readonly growth?: string;
  /** Its figures are no one's multiple. */
  readonly alone?: boolean;
}

export interface Suite {
  readonly title: string;
  readonly about: string;
  /** What must be here to run it. */
  readonly peers: readonly Peer[];
  readonly tables: readonly Table[];
  /** Measures so many rounds; answers them by the table's id. */
  readonly run: (count: number) => Promise<Readonly<Record<string, Rounds>>>;
}

/** A figure as people read it. */
export function written({ unit, digits }: Column, value: number): string {
  return Number.isNaN(value) ? '–' : `${value.toFixed(digits)} ${unit}`.trim();
}

export const THROUGHPUT: Column = {
  key: 'rate',
  title: 'throughput',
  unit: 'GiB/s',
  digits: 2,
  better: 'more',
};

export const CPU_PER_GIB: Column = {
  key: 'cpu',
  title: 'CPU per GiB',
  unit: 's',
  digits: 2,
  better: 'less',
};

export const MEMORY: Column = { key: 'memory', title: 'memory', unit: 'MB', digits: 0 };
