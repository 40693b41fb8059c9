/** bench/RESULTS.md, of what was recorded. */
import type { Recorded } from './record.js';
import { figure, type Rounds, ratio } from './rounds.js';
import { type Suite, type Table, written } from './suite.js';
import { asked, measuredText, type Verdict, verdicts } from './targets.js';

/** A suite and what its last run gave. */
export interface Result {
  readonly suite: Suite;
  readonly recorded: Recorded;
}

export function results(all: readonly Result[]): string {
  const machine = all[0]?.recorded.machine ?? '';
  const sections = [
    '# Results',
    `Made by \`npm run bench\` on ${machine}. Contenders take turns, round by round; figures are ` +
      'medians, multiples are medians of the ratios round by round. The raw figures are in ' +
      '[plots/](plots) as JSON; `npm run bench -- --redraw` makes this page and the pictures of ' +
      'them, `npm run bench -- relay` measures one suite anew.',
    ...summary(all),
    ...all.flatMap((result) => suiteSections(result, machine)),
  ];
  return `${sections.join('\n\n')}\n`;
}

export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The lines that a run prints for a suite: `met`, or `MISSED`, what was asked and measured. */
export function verdictLines({ suite, recorded }: Result): string[] {
  return judged({ suite, recorded }).map(([table, verdict]) => {
    const mark = verdict.met ? 'met   ' : 'MISSED';
    return `${mark} ${table.id}: ${asked(table, verdict.target)}: ${measuredText(table, verdict)}`;
  });
}

/* ---- asked and measured ---- */

function judged({ suite, recorded }: Result): [Table, Verdict][] {
  return suite.tables.flatMap((table) => {
    const all = recorded.tables[table.id];
    return all === undefined
      ? []
      : verdicts(table, all).map((verdict): [Table, Verdict] => [table, verdict]);
  });
}

function summary(all: readonly Result[]): string[] {
  const every = all.flatMap(judged);
  const missed = every.filter(([, { met }]) => !met);
  const rows = every.map(([table, verdict]) => [
    table.title,
    asked(table, verdict.target),
    verdictText(table, verdict),
  ]);
  return [
    '## Asked and measured',
    `${every.length - missed.length} of ${every.length} met.`,
    "![sluice's throughput as a multiple of each peer's](plots/overview.svg)",
    markdown(['work', 'asked', 'measured'], rows),
  ];
}

function verdictText(table: Table, verdict: Verdict): string {
  const text = measuredText(table, verdict);
  return verdict.met ? `${text}, met` : `**${text}, missed**`;
}

/* ---- a suite ---- */

function suiteSections({ suite, recorded }: Result, machine: string): string[] {
  const peers = Object.entries(recorded.versions).map(([name, version]) => `${name} ${version}`);
  const elsewhere = recorded.machine === machine ? '' : ` on ${recorded.machine}`;
  const count = roundsOf(recorded);
  const made = `${count} ${count === 1 ? 'round' : 'rounds'}, ${recorded.date}${elsewhere}`;
  return [
    `## ${suite.title}`,
    suite.about,
    peers.length === 0 ? `${made}.` : `${made}. ${peers.join(', ')}.`,
    ...suite.tables.flatMap((table) => tableSections(table, recorded.tables[table.id])),
  ];
}

/** The least that any contender ran. */
export function roundsOf({ tables }: Recorded): number {
  const each = Object.values(tables).flatMap((all) => Object.values(all));
  return Math.min(...each.map(({ length }) => length));
}

function tableSections(table: Table, all: Rounds | undefined): string[] {
  if (all === undefined) return [];
  const lines = verdicts(table, all).map((verdict) => {
    const { limit } = verdict.target;
    const why = verdict.met || limit === undefined ? '' : ` ${limit}`;
    return `- Asked: ${asked(table, verdict.target)}; ${verdictText(table, verdict)}.${why}`;
  });
  return [
    `### ${table.title}`,
    ...(table.about === '' ? [] : [table.about]),
    `![${table.title}](plots/${table.id}.svg)`,
    figureTable(table, all),
    ...(lines.length === 0 ? [] : [lines.join('\n')]),
  ];
}

/** Each contender's medians and, of the columns with a good side, ours as a multiple of theirs. */
function figureTable(table: Table, all: Rounds): string {
  const { columns, ours } = table;
  const alone = table.alone === true || table.growth !== undefined;
  const compared = alone ? [] : columns.filter(({ better }) => better !== undefined);
  const rows = Object.keys(all).map((name) => [
    name,
    ...columns.map((column) => written(column, figure(all, name, column.key))),
    ...compared.map(({ key }) =>
      multiple(name === ours ? Number.NaN : ratio(all, ours, name, key)),
    ),
  ]);
  const head = ['', ...columns.map(({ title }) => title)];
  return markdown([...head, ...compared.map(({ title }) => `${ours}: ${title}`)], rows);
}

const multiple = (value: number) => (Number.isFinite(value) ? `${value.toFixed(2)} ×` : '');
