/** Rounds in which the contenders take turns, and what their figures say together. */

/** What one contender measured in one round, by the name of the figure. */
export type Figures = Readonly<Record<string, number>>;

export interface Contender {
  readonly name: string;
  /** Measures once. */
  readonly run: () => Figures | Promise<Figures>;
}

/** All rounds of each contender, by its name. */
export type Rounds = Readonly<Record<string, readonly Figures[]>>;

/** Lets the contenders run in turn, so that the machine's moods meet all of them alike. */
export async function rounds(contenders: readonly Contender[], count: number): Promise<Rounds> {
  const all: Record<string, Figures[]> = {};
  for (const { name } of contenders) all[name] = [];
  for (let round = 0; round < count; round++) {
    for (const { name, run } of contenders) all[name]?.push(await run());
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

/** The median over the rounds of one figure; NaN where it was not measured. */
export function figure(all: Rounds, name: string, key: string): number {
  const values = (all[name] ?? []).map((figures) => figures[key] ?? Number.NaN);
  return values.length === 0 || values.some(Number.isNaN) ? Number.NaN : median(values);
}

/** The median of the ratios round by round: both met the same mood of the machine. */
export function ratio(all: Rounds, name: string, against: string, key: string): number {
  const theirs = all[against] ?? [];
  const ratios = (all[name] ?? []).map(
    (figures, round) => (figures[key] ?? Number.NaN) / (theirs[round]?.[key] ?? Number.NaN),
  );
  return ratios.length === 0 || ratios.some(Number.isNaN) ? Number.NaN : median(ratios);
}
