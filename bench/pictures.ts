/** What the pictures show: pure data, drawn by draw.ts. */
import type { Result } from './results.js';
import { figure, type Rounds } from './rounds.js';
import { type Table, written } from './suite.js';
import { verdicts } from './targets.js';

export interface Bar {
  readonly name: string;
  /** Undefined where it was not measured. */
  readonly value: number | undefined;
  readonly label: string;
  readonly ours: boolean;
}

export interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
}

/** Panels side by side, with a bar for each contender. */
export interface BarPicture {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Line {
  readonly name: string;
  readonly values: readonly number[];
  readonly ours: boolean;
}

/** How something goes with a count. */
export interface LinePicture {
  readonly title: string;
  readonly across: string;
  readonly unit: string;
  readonly counts: readonly string[];
  readonly lines: readonly Line[];
}

/** A multiple of a peer's throughput, around 1. */
export interface OverviewPicture {
  readonly title: string;
  readonly rows: readonly { readonly name: string; readonly value: number }[];
}

export function barPicture(table: Table, all: Rounds): BarPicture {
  const columns = table.columns.filter(({ better }) => better !== undefined);
  const panels = columns.map((column) => ({
    title: `${column.title}, ${column.better} is better`,
    bars: Object.keys(all).map((name) => {
      const value = figure(all, name, column.key);
      return {
        name,
        value: Number.isNaN(value) ? undefined : value,
        label: Number.isNaN(value) ? '' : written(column, value),
        ours: name === table.ours,
      };
    }),
  }));
  return { title: table.title, panels };
}

/** The columns named by a number are the counts. */
export function linePicture(table: Table, all: Rounds): LinePicture {
  const columns = table.columns.filter(({ key }) => /^\d+$/.test(key));
  return {
    title: table.title,
    across: table.growth ?? '',
    unit: columns[0]?.unit ?? '',
    counts: columns.map(({ key }) => key),
    lines: Object.keys(all).map((name) => ({
      name,
      values: columns.map(({ key }) => figure(all, name, key)),
      ours: name === table.ours,
    })),
  };
}

/** Every target that asks for a throughput against a peer, met or not. */
export function overviewPicture(all: readonly Result[]): OverviewPicture {
  const rows = all.flatMap(({ suite, recorded }) =>
    suite.tables.flatMap((table) =>
      verdicts(table, recorded.tables[table.id] ?? {})
        .filter(({ target, measured }) => target.atLeast && target.against && measured > 0)
        .map(({ target, measured }) => ({
          name: `${table.short} · ${target.against}`,
          value: measured,
        })),
    ),
  );
  return { title: 'Throughput of sluice, as a multiple of each peer', rows };
}
