/**
 * What every benchmark shares: rounds in which the contenders take turns, and the table of their
 * medians.
 */
import { readFileSync } from 'node:fs';
import { arch, cpus, release, totalmem } from 'node:os';

/** What one contender measured in one round, by the name of the figure. */
export type Figures = Readonly<Record<string, number>>;

export interface Contender {
  readonly name: string;
  /** Measures once. */
  readonly run: () => Figures | Promise<Figures>;
}

/** All rounds of each contender, by its name. */
export type Rounds = ReadonlyMap<string, readonly Figures[]>;

/** Lets the contenders run in turn, so that the machine's moods meet all of them alike. */
export async function rounds(contenders: readonly Contender[], count: number): Promise<Rounds> {
  const all = new Map<string, Figures[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < count; round++) {
    for (const { name, run } of contenders) all.get(name)?.push(await run());
  }
  return all;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** The median over the rounds of one figure. */
export function figure(all: Rounds, name: string, key: string): number {
  return median((all.get(name) ?? []).map((figures) => figures[key] as number));
}

/** The median of the ratios round by round: both met the same mood of the machine. */
export function ratio(all: Rounds, name: string, against: string, key: string): number {
  const ours = all.get(name) ?? [];
  const theirs = all.get(against) ?? [];
  return median(ours.map((figures, round) => (figures[key] ?? 0) / (theirs[round]?.[key] ?? 0)));
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The machine and the versions that figures belong to. */
export function machine(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const system = readFileSync('/etc/os-release', 'utf8').match(/^PRETTY_NAME="(.*)"$/m)?.[1];
  return (
    `${cpus().length} × ${model} (${arch()}), ${memory} GiB, ${system ?? 'Linux'}, ` +
    `Linux ${release().split('-')[0]}, Node ${process.versions.node}`
  );
}
