/**
 * Children joined by pipes of the kernel, as a shell joins them: child_process starts them, and
 * nothing of what they say to each other passes through Node.
 */
import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { Fd } from '../fd/fd.js';
import { closeEnds, type Pipe, pipe } from '../fd/pipe.js';
import type { TeeResult } from '../flow/tee/options.js';
import * as argument from '../kernel/argument.js';
import { AbortError } from '../kernel/error.js';
import { childProcess, os } from './builtin.js';
import type { Stdio } from './children.js';
import { checkPipelineOptions, type PipelineOptions } from './pipeline-options.js';
import { linuxRuntime } from './runtime.js';
import { type Tap, tapStream } from './tap.js';

/** A program and its arguments. */
export type Command = readonly [program: string, ...parameters: string[]];

/** How one child has ended. */
export interface ChildResult {
  readonly command: Command;
  readonly pid: number;
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface PipelineResult {
  /**
   * As `pipefail` has it: 0 where every child ended with 0, else the code of the last that did not;
   * 128 and its number for a signal.
   */
  readonly code: number;
  readonly children: readonly ChildResult[];
  /** What each tap has, by the index of its child. */
  readonly taps: Readonly<Record<number, TeeResult>>;
}

/** Children that run; as a promise, how they have ended. */
export interface Pipeline extends Promise<PipelineResult> {
  readonly children: readonly ChildProcess[];
  /** Of the first child, where it was to be a 'pipe'. */
  readonly stdin: Writable | null;
  /** Of the last child, where it was to be a 'pipe'. */
  readonly stdout: Readable | null;
}

/**
 * Starts the commands, each with its standard output joined to the next one's standard input by one
 * pipe of the kernel, and resolves when all have ended. A code other than 0 does not reject: it is
 * in the result.
 *
 * Children see each other's end: where the reader ends, the writer gets SIGPIPE, and the other way
 * round the end of its input. The pipes have FD_CLOEXEC, so that no other child of this process
 * keeps them open, and are closed here as soon as the children have them.
 *
 * @param commands each a program and its arguments; no shell looks at them
 * @param options.signal ends all children
 * @param options.stdin of the first child; `stdout` of the last, `stderr` of all: 'inherit' without
 * @param options.capacity of the pipes between, in bytes; Linux rounds up
 * @param options.taps by the index of a child, more targets for what it says to the next
 * @returns the code, and code or signal of each child; beside the promise `children`, `stdin` and
 *   `stdout`
 * @throws ENOENT, EACCES a command that cannot be started (the others are ended first); EMFILE,
 *   ENFILE no more descriptors; EPERM a capacity above /proc/sys/fs/pipe-max-size; AbortError;
 *   ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE as named
 * @see pipe(7), `child_process.spawn`
 *
 * @example
 * ```ts
 * import { deepEqual, equal } from 'node:assert/strict';
 * import { text } from 'node:stream/consumers';
 * import { pipeline } from 'sluice';
 *
 * const running = pipeline([['seq', '100000'], ['grep', '7'], ['wc', '-l']], { stdout: 'pipe' });
 * equal((await text(running.stdout!)).trim(), '40951');
 * const { code, children } = await running;
 * equal(code, 0);
 * deepEqual(children.map(({ code }) => code), [0, 0, 0]);
 * ```
 */
export function pipeline(commands: readonly Command[], options: PipelineOptions = {}): Pipeline {
  const running = new Running(commands, options);
  const { children } = running;
  return Object.assign(running.result(), {
    children,
    stdin: children[0]?.stdin ?? null,
    stdout: children.at(-1)?.stdout ?? null,
  });
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

class Running {
  readonly children: ChildProcess[] = [];
  readonly #commands: readonly Command[];
  readonly #options: PipelineOptions;
  readonly #ends: Promise<Ended>[] = [];
  readonly #taps = new Map<number, Tap>();
  #unfollow = () => {};
  /** Ends everything. The first failure is the one that is told. */
  readonly #fail = (error: Error) => {
    this.#failure ??= error;
    for (const tap of this.#taps.values()) tap.stop();
    for (const child of this.children) {
      if (child.pid !== undefined) child.kill(this.#options.killSignal);
    }
  };
  #failure: Error | undefined;

  constructor(commands: readonly Command[], options: PipelineOptions) {
    this.#commands = commands;
    this.#options = options;
    try {
      checkArguments(commands, options);
      if (options.signal?.aborted) throw new AbortError(options.signal.reason);
      this.#follow(options.signal);
      this.#start();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Settles when the last child has ended, well or not, and nothing is open any more. */
  async result(): Promise<PipelineResult> {
    const ended = await Promise.all(this.#ends);
    const taps: Record<number, TeeResult> = {};
    for (const [index, tap] of this.#taps) taps[index] = await tap.result;
    this.#unfollow();
    if (this.#failure !== undefined) throw this.#failure;
    const children = ended.map(({ code, signal }, index) => {
      const pid = this.children[index]?.pid as number;
      return { command: this.#commands[index] as Command, pid, code, signal };
    });
    return { code: children.reduce((code, child) => statusOf(child) || code, 0), children, taps };
  }

  #follow(signal: AbortSignal | undefined): void {
    const onAbort = () => this.#fail(new AbortError(signal?.reason));
    signal?.addEventListener('abort', onAbort);
    this.#unfollow = () => signal?.removeEventListener('abort', onAbort);
  }

  #start(): void {
    let input: Stdio = this.#options.stdin ?? 'inherit';
    try {
      for (const index of this.#commands.keys()) {
        const isLast = index === this.#commands.length - 1;
        const joint = isLast ? undefined : this.#join(index);
        const output = joint?.writer ?? this.#options.stdout ?? 'inherit';
        try {
          this.#spawn(index, input, output);
        } finally {
          // The child has its own; while ours is open, the next one would never see the end.
          if (joint !== undefined) closeEnds(joint.writer);
          if (index > 0) closeEnds(input as Fd);
          input = joint?.reader ?? 'ignore';
        }
      }
    } finally {
      if (input instanceof Fd && input !== this.#options.stdin) closeEnds(input);
    }
  }

  /** The pipe from this child to the next; with a tap, one to it and one from it. */
  #join(index: number): Pick<Pipe, 'reader' | 'writer'> {
    const { capacity, taps } = this.#options;
    const joint = pipe(linuxRuntime, { capacity });
    const targets = taps?.[index];
    if (targets === undefined) return joint;
    try {
      const next = pipe(linuxRuntime, { capacity });
      this.#taps.set(index, tapStream(joint.reader, next.writer, targets, this.#fail));
      return { writer: joint.writer, reader: next.reader };
    } catch (error) {
      joint[Symbol.dispose]();
      throw error;
    }
  }

  #spawn(index: number, input: Stdio, output: Stdio): void {
    const [program, ...parameters] = this.#commands[index] as Command;
    const { cwd, env, stderr = 'inherit' } = this.#options;
    const stdio: Stdio[] = [input, output, stderr];
    const child = childProcess().spawn(program, parameters, {
      stdio,
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
    });
    this.children.push(child);
    this.#ends.push(this.#endOf(child));
  }

  #endOf(child: ChildProcess): Promise<Ended> {
    return new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.on('error', (error) => {
        // Not started: there will be no exit. Otherwise a kill that failed, which changes nothing.
        if (child.pid !== undefined) return;
        this.#fail(error);
        resolve({ code: null, signal: null });
      });
    });
  }
}

function statusOf({ code, signal }: Ended): number {
  return signal === null ? (code ?? 0) : 128 + os().constants.signals[signal];
}

function checkArguments(commands: unknown, options: PipelineOptions): void {
  if (!Array.isArray(commands)) throw new argument.InvalidArgumentType('commands', LIST, commands);
  if (commands.length === 0) throw new argument.ArgumentOutOfRange('commands', LIST, commands);
  for (const [index, command] of commands.entries()) {
    const isCommand = Array.isArray(command) && command.length > 0 && command.every(isText);
    if (!isCommand) throw new argument.InvalidArgumentType(`commands[${index}]`, WORDS, command);
  }
  checkPipelineOptions(options, commands.length);
}

const isText = (word: unknown) => typeof word === 'string';
const LIST = 'an array of at least one command';
const WORDS = 'an array of a program and its arguments';
