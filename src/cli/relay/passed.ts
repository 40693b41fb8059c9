/**
 * The sockets that systemd opened before it started this process, as sd_listen_fds(3) has it: they
 * are descriptors from 3 on, and three variables of the environment say whose, how many and what
 * they are called.
 */
import type { Runtime } from '../../fd/runtime.js';
import { EBADF, ENOTSOCK } from '../../kernel/errno.js';
import { check } from '../../kernel/error.js';
import * as f from '../../kernel/flags.js';
import { Failure } from '../failure.js';

const FIRST = 3;

/** What sd_listen_fds(3) calls them where the unit gives them no name. */
const UNNAMED = 'unknown';

type Environment = Record<string, string | undefined>;

export class PassedSockets {
  readonly #runtime: Runtime;
  /** By descriptor, the first is FIRST. */
  readonly #names: readonly string[];
  readonly #taken = new Set<number>();

  private constructor(runtime: Runtime, names: readonly string[]) {
    this.#runtime = runtime;
    this.#names = names;
  }

  /**
   * Reads the variables and removes them: they are meant for the process `pid` alone, and not for
   * its children. Throws a Failure where nothing was passed to it.
   */
  static read(runtime: Runtime, environment: Environment, pid: number): PassedSockets {
    const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = environment;
    for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete environment[name];
    if (LISTEN_FDS === undefined || LISTEN_PID === undefined) {
      const missing = LISTEN_FDS === undefined ? 'LISTEN_FDS' : 'LISTEN_PID';
      throw new Failure(`no socket was passed: ${missing} is not set`);
    }
    if (LISTEN_PID !== String(pid)) {
      throw new Failure(`the sockets are for process ${LISTEN_PID} (LISTEN_PID), this is ${pid}`);
    }
    return new PassedSockets(runtime, namesOf(LISTEN_FDS, LISTEN_FDNAMES));
  }

  /** Those of the name, without one all of them, ready to be accepted from. */
  take(name: string | undefined): number[] {
    const found: number[] = [];
    for (const [at, known] of this.#names.entries()) {
      if (name === undefined || name === known) found.push(FIRST + at);
    }
    if (found.length === 0) {
      throw new Failure(`no socket has this name, only ${[...new Set(this.#names)].join(', ')}`);
    }
    for (const fd of found) this.#takeOne(fd);
    return found;
  }

  #takeOne(fd: number): void {
    if (this.#taken.has(fd)) throw new Failure(`descriptor ${fd} is listened at twice`);
    this.#taken.add(fd);
    const wrong = this.#wrong(fd);
    if (wrong !== undefined) throw new Failure(`descriptor ${fd} is ${wrong}`);
    const { kernel } = this.#runtime;
    // It was handed over to be used as we need it: the one description not ours with O_NONBLOCK.
    const status = check(kernel.fcntl(fd, f.F_GETFL), 'fcntl', fd);
    check(kernel.fcntl(fd, f.F_SETFL, status | f.O_NONBLOCK), 'fcntl', fd);
    check(kernel.fcntl(fd, f.F_SETFD, f.FD_CLOEXEC), 'fcntl', fd);
  }

  /** What it is instead of a listening stream socket of a family that is relayed. */
  #wrong(fd: number): string | undefined {
    const type = this.#option(fd, f.SO_TYPE);
    if (type === -EBADF) return 'not open';
    if (type === -ENOTSOCK) return 'not a socket';
    if (type !== f.SOCK_STREAM) return 'not a stream socket';
    if (!FAMILIES.has(this.#option(fd, f.SO_DOMAIN))) return 'neither a TCP nor a Unix socket';
    if (this.#option(fd, f.SO_ACCEPTCONN) !== 1) return 'not listening';
    return undefined;
  }

  #option(fd: number, option: number): number {
    const value = new Int32Array(1);
    const bytes = new Uint8Array(value.buffer);
    const result = this.#runtime.kernel.getsockopt(fd, f.SOL_SOCKET, option, bytes);
    return result < 0 ? result : (value[0] as number);
  }
}

const FAMILIES: ReadonlySet<number> = new Set([f.AF_INET, f.AF_INET6, f.AF_UNIX]);

/** Pure. A name for each descriptor. */
function namesOf(count: string, names: string | undefined): string[] {
  const length = /^\d{1,6}$/.test(count) ? Number(count) : 0;
  if (length < 1) throw new Failure(`no socket was passed: LISTEN_FDS is '${count}'`);
  if (names === undefined) return new Array(length).fill(UNNAMED);
  const list = names.split(':');
  if (list.length !== length) {
    throw new Failure(`LISTEN_FDNAMES has ${list.length} names for ${length} sockets`);
  }
  return list;
}
