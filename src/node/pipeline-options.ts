/**
 * What a pipeline may be asked.
 */
import * as argument from '../kernel/argument.js';
import { os } from './builtin.js';
import type { Stdio } from './children.js';
import type { TeeTarget } from './tee.js';

export interface PipelineOptions {
  /** Ends all children with `killSignal`; the promise rejects with an AbortError. */
  readonly signal?: AbortSignal | undefined;
  /** 'SIGTERM' without. */
  readonly killSignal?: NodeJS.Signals | undefined;
  /** Of the first child: 'inherit' as without, 'ignore', 'pipe', a number, an `Fd`, a stream. */
  readonly stdin?: Stdio;
  /** Of the last child, in the same way. */
  readonly stdout?: Stdio;
  /** Of all children, in the same way; 'pipe' is each child's own. */
  readonly stderr?: Stdio;
  /** How many bytes each pipe between two children shall hold at least; 65536 without. */
  readonly capacity?: number | undefined;
  /**
   * Who else gets what a child says to the next: by the index of the child, its targets. They get
   * it by tee(2). One that fails is left out; the slowest sets the pace.
   */
  readonly taps?: Readonly<Record<number, readonly TeeTarget[]>> | undefined;
  readonly cwd?: string | URL | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** Throws a TypeError or RangeError that names the option. `children`: how many there are. */
export function checkPipelineOptions(options: PipelineOptions, children: number): void {
  argument.checkOptions(options, {
    signal: argument.abortSignal,
    killSignal: (value, name) => argument.choice(value, name, Object.keys(os().constants.signals)),
    stdin: checkStdio,
    stdout: checkStdio,
    stderr: checkStdio,
    capacity: argument.positiveCount,
    taps: (value, name) => checkTaps(argument.record(value, name), children),
    cwd: checkFolder,
    env: argument.record,
  });
}

/** As child_process has it; an object is judged there. */
function checkStdio(value: unknown, name: string): void {
  if (typeof value === 'string') argument.choice(value, name, WORDS);
  else if (typeof value === 'number') argument.count(value, name);
  else if (typeof value !== 'object') throw new argument.InvalidArgumentType(name, STDIO, value);
}

const WORDS = ['pipe', 'overlapped', 'ignore', 'inherit', 'ipc'];
const STDIO = `one of '${WORDS.join("', '")}', a number, an Fd or a stream`;

function checkTaps(taps: Readonly<Record<string, unknown>>, children: number): void {
  for (const [index, targets] of Object.entries(taps)) {
    if (!(Number(index) >= 0 && Number(index) < children - 1)) {
      throw new argument.ArgumentOutOfRange('taps', BEFORE_THE_LAST, index);
    }
    if (!Array.isArray(targets)) {
      throw new argument.InvalidArgumentType(`taps[${index}]`, 'an array of targets', targets);
    }
  }
}

const BEFORE_THE_LAST = 'by the index of a child before the last';

function checkFolder(value: unknown, name: string): void {
  if (typeof value === 'string' || value instanceof URL) return;
  throw new argument.InvalidArgumentType(name, 'of type string or an instance of URL', value);
}
