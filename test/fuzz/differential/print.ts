/** A sequence as the code of a conformance row, with what Linux answered. */
import { errnoName } from '../../../src/kernel/errno.js';
import { callOf, SPECS } from './calls.js';
import type { Difference, Results } from './run.js';
import type { Found } from './shrink.js';
import type { Step } from './step.js';

/** @param results what Linux answered to each step; NaN: the step was not made */
export function codeOf({ steps, difference }: Found, results: Results, title: string): string {
  const lines = steps.flatMap((step, index) => linesOf(step, results[index] ?? Number.NaN));
  return [
    `row('', '${title}', ({ kernel, keep, close, directory: newDirectory }) => {`,
    '  const ends = new Int32Array(2);',
    '  const report = new Int32Array(2);',
    '  const directory = newDirectory();',
    ...lines.map((line) => `  ${line}`),
    `  // ${answers(difference)}`,
    '});',
  ].join('\n');
}

export function answers({ what, linux, sim }: Difference): string {
  return `${what}: Linux ${shown(linux)}, sim ${shown(sim)}`;
}

const shown = (result: number | string): string =>
  typeof result === 'number' && result < 0
    ? (errnoName(-result) ?? String(result))
    : String(result);

function linesOf({ call, values, makes }: Step, result: number): string[] {
  if (Number.isNaN(result)) return [];
  const parameters = SPECS[call]?.parameters ?? [];
  const shownValues = parameters.map(({ show }, index) => show(values[index] ?? null));
  const code = `kernel.${callOf(call)}(${shownValues.join(', ')})`;
  if (result < 0) return [`failsWith(${code}, ${shown(result)});`];
  if (call === 'close') return [`close(${shownValues[0]});`];
  const [first, second] = makes;
  if (second !== undefined) {
    return [`succeeds(${code});`, `const [d${first} = -1, d${second} = -1] = ends.map(keep);`];
  }
  if (first !== undefined) return [`const d${first} = keep(succeeds(${code}));`];
  return [`succeeds(${code}, ${SPECS[call]?.replaces ? shownValues[1] : result});`];
}
