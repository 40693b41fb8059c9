/** The table of the README, of the same figures as bench/RESULTS.md. */
import { markdown, type Result } from './results.js';
import { figure, type Rounds } from './rounds.js';
import { type Column, type Table, written } from './suite.js';

const BEGIN = '<!-- figures, by npm run bench -->';
const END = '<!-- end of figures -->';

/** The page with its table made anew, between the two marks. */
export function withTable(page: string, all: readonly Result[]): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the page lacks ${BEGIN} … ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${readmeTable(all)}\n\n${page.slice(end)}`;
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
      .map((column) => text(column, figure(all, name, column.key)))
      .filter((one) => one !== '')
      .join(', ');
  const against = peers.map((name) => {
    const words = `${name} ${said(name)}`;
    return beats(columns[0] as Column, all, name, table.ours) ? `**${words}**` : words;
  });
  return [table.short, said(table.ours), against.join(' · ')];
}

/** Time spent is said with what it is; the rest speaks by its unit. */
function text(column: Column, value: number): string {
  if (Number.isNaN(value)) return '';
  const spent = column.key === 'cpu' ? ' CPU' : '';
  return `${written(column, value)}${spent}`;
}

function beats({ key, better }: Column, all: Rounds, name: string, ours: string): boolean {
  const [theirs, own] = [figure(all, name, key), figure(all, ours, key)];
  return better === 'more' ? theirs > own : theirs < own;
}
