/** The table of the README, of the same figures as bench/RESULTS.md. */
import { markdown, type Result, roundsOf } from './results.js';
import { figure, type Rounds } from './rounds.js';
import { type Column, type Table, written } from './suite.js';

const BEGIN = '<!-- figures, by npm run bench -->';
const END = '<!-- end of figures -->';

/** The page with its table made anew, between the two marks. */
export function withTable(page: string, all: readonly Result[]): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the page lacks ${BEGIN} … ${END}`);
  const made = [page.slice(0, begin + BEGIN.length), under(all), readmeTable(all), page.slice(end)];
  return made.join('\n\n');
}

/** What the figures are of. */
function under(all: readonly Result[]): string {
  const least = Math.min(...all.map(({ recorded }) => roundsOf(recorded)));
  const machines = [...new Set(all.map(({ recorded }) => recorded.machine))].join('; ');
  return `${least} ${least === 1 ? 'round' : 'rounds or more'}, ${machines}.`;
}

/** A row for each table that compares; whoever is better than sluice stands in bold. */
export function readmeTable(all: readonly Result[]): string {
  const rows = all.flatMap(({ suite, recorded }) =>
    suite.tables
      .filter(({ alone, growth }) => alone !== true && growth === undefined)
      .flatMap((table) => {
        const rounds = recorded.tables[table.id];
        return rounds === undefined ? [] : [row(table, rounds)];
      }),
  );
  return markdown(['work', 'sluice', 'against'], rows);
}

function row(table: Table, all: Rounds): string[] {
  const columns = table.columns.filter(({ better }) => better !== undefined);
  const peers = Object.keys(all).filter(
    (name) => !name.startsWith('sluice') && name !== table.ours,
  );
  const said = (name: string) =>
    columns
      .map((column) => text(column, figure(all, name, column.key), columns))
      .filter((one) => one !== '')
      .join(', ');
  const against = peers.map((name) => {
    const words = `${name} ${said(name)}`;
    return beats(columns[0] as Column, all, name, table.ours) ? `**${words}**` : words;
  });
  return [table.short, said(table.ours), against.join(' · ')];
}

/** A figure speaks by its unit, but for time that was spent, and for one unit of two columns. */
function text(column: Column, value: number, all: readonly Column[]): string {
  if (Number.isNaN(value)) return '';
  const alike = all.filter(({ unit }) => unit === column.unit).length > 1;
  const name = column.key === 'cpu' ? 'CPU' : alike ? column.title : '';
  return `${written(column, value)} ${name}`.trim();
}

function beats({ key, better }: Column, all: Rounds, name: string, ours: string): boolean {
  const [theirs, own] = [figure(all, name, key), figure(all, ours, key)];
  return better === 'more' ? theirs > own : theirs < own;
}
