/**
 * `sluice tee FILE…`: standard input to standard output and to files, as GNU tee has it.
 */
import type { Runtime } from '../fd/runtime.js';
import { enlarge } from '../flow/pipes.js';
import type { Fate } from '../flow/tee/options.js';
import { tee } from '../flow/tee.js';
import { EBADF } from '../kernel/errno.js';
import { SystemError } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import { linuxRuntime as runtime } from '../node/runtime.js';
import { EXIT_FAILURE, isPipeGone, reason } from './failure.js';
import { complain } from './output.js';
import type { OutputError } from './output-error.js';
import { quote } from './quote.js';

export interface TeeCommandOptions {
  readonly append: boolean;
  readonly outputError: OutputError | undefined;
}

interface Output {
  readonly name: string;
  readonly fd: number;
}

const STANDARD_OUTPUT: Output = { name: 'standard output', fd: 1 };

/** Runs the command; answers its exit status. Rejects with EPIPE where SIGPIPE would end it. */
export async function teeCommand(
  files: readonly string[],
  options: TeeCommandOptions,
): Promise<number> {
  const command = new TeeCommand(options);
  const opened = await command.open(files);
  if (opened !== undefined) await command.copy([STANDARD_OUTPUT, ...opened]);
  return command.status;
}

class TeeCommand {
  readonly #options: TeeCommandOptions;
  readonly #told = new Set<Error>();
  status = 0;

  constructor(options: TeeCommandOptions) {
    this.#options = options;
  }

  /** Undefined where one cannot be opened, and that ends it. */
  async open(files: readonly string[]): Promise<Output[] | undefined> {
    const opened: Output[] = [];
    for (const name of files) {
      const fd = await openFile(runtime, name, this.#options.append);
      if (fd >= 0) opened.push({ name, fd });
      else if (this.#fails(name, new SystemError(fd, { syscall: 'openat' })) === 'abort') return;
    }
    return opened;
  }

  async copy(outputs: readonly Output[]): Promise<void> {
    const able = outputs.filter((output) => this.#isWritable(output));
    if (able.length === 0) return;
    // What a shell makes has 64 KiB.
    for (const fd of [0, 1]) enlarge(runtime.kernel, fd);
    const onTargetError = (error: Error, at: number) => this.#lose(able[at] as Output, error);
    const targets = able.map(({ fd }) => fd);
    try {
      await tee(runtime, 0, targets, { onTargetError });
    } catch (error) {
      this.#end(error as Error);
    }
    for (const { name, fd } of outputs.slice(1)) this.#close(name, fd);
  }

  #isWritable(output: Output): boolean {
    const flags = runtime.kernel.fcntl(output.fd, f.F_GETFL);
    if (flags >= 0 && (flags & f.O_ACCMODE) !== f.O_RDONLY) return true;
    this.#fails(output.name, new SystemError(-EBADF, { syscall: 'write' }));
    return false;
  }

  /** A target that fails: whether that ends it, and whether anybody hears of it. */
  #lose({ name }: Output, error: Error): Fate {
    const { outputError } = this.#options;
    this.#told.add(error);
    if (!isPipeGone(error)) return this.#fails(name, error);
    if (outputError === undefined) return 'abort';
    return outputError.endsWith('-nopipe') ? 'drop' : this.#fails(name, error);
  }

  #fails(name: string, error: Error): Fate {
    complain(`sluice: tee: ${quote(name)}: ${reason(error)}`);
    this.status = EXIT_FAILURE;
    return this.#options.outputError?.startsWith('exit') ? 'abort' : 'drop';
  }

  /** The last target is lost, which was told, or the source has failed. */
  #end(error: Error): void {
    if (this.#told.has(error)) {
      if (isPipeGone(error) && this.#options.outputError === undefined) throw error;
      return;
    }
    complain(`sluice: tee: read error: ${reason(error)}`);
    this.status = EXIT_FAILURE;
  }

  /** What the disk did not take is told now at the latest. */
  #close(name: string, fd: number): void {
    const result = runtime.kernel.close(fd);
    if (result < 0) this.#fails(name, new SystemError(result, { syscall: 'close' }));
  }
}

function openFile({ offload }: Runtime, name: string, append: boolean): Promise<number> {
  const mode = append ? f.O_APPEND : f.O_TRUNC;
  const flags = f.O_WRONLY | f.O_CREAT | mode | f.O_CLOEXEC | f.O_NOCTTY;
  return offload('openat', [f.AT_FDCWD, name, flags, 0o666]);
}
