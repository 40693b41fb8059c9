/**
 * What the relays of a runtime share: the buffer for small traffic, the pipes for large, and the
 * turns of the event loop. This module is browser compatible.
 */
import type { Runtime } from '../fd/runtime.js';
import { SluiceError } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { Kernel } from '../kernel/kernel.js';
import { PipePool } from './pipes.js';

/** What one plain read takes at most. */
const BUFFER_BYTES = 65536;

/** Work that goes on in a later turn of the event loop. */
export interface Deferrable {
  resume(): void;
}

export class Engine {
  readonly runtime: Runtime;
  readonly pipes: PipePool;
  /** Bytes on their way through this process; nothing stays in it from one call to the next. */
  readonly buffer = new Uint8Array(BUFFER_BYTES);
  readonly #sigpipeKills: boolean;
  #part = new Uint8Array();
  #deferred: Deferrable[] = [];
  #flows = 0;

  /** `pagesAllowed`: what its pipes may hold, where other threads of the process have pipes too. */
  constructor(runtime: Runtime, pagesAllowed?: number) {
    this.runtime = runtime;
    this.pipes = new PipePool(runtime.kernel, pagesAllowed);
    this.#sigpipeKills = isDeadly(runtime.kernel, f.SIGPIPE);
  }

  /** The engine of a runtime, made when it is first asked for. */
  static of(runtime: Runtime): Engine {
    const known = engines.get(runtime);
    if (known !== undefined) return known;
    const made = new Engine(runtime);
    engines.set(runtime, made);
    return made;
  }

  /** SIGPIPE would end this process when a peer goes away: splice(2) has no MSG_NOSIGNAL. */
  refuseDeadly(): void {
    if (!this.#sigpipeKills) return;
    const message = 'SIGPIPE would end this process when a peer goes away: ignore or handle it';
    throw new SluiceError('ERR_SLUICE_SIGPIPE', message);
  }

  /** The first bytes of the buffer. The view is kept, for messages of one size come in a row. */
  part(length: number): Uint8Array {
    if (this.#part.length !== length) this.#part = this.buffer.subarray(0, length);
    return this.#part;
  }

  /** Has it resumed after all that is ready now had its chance. */
  defer(work: Deferrable): void {
    this.#deferred.push(work);
    if (this.#deferred.length > 1) return;
    void this.runtime.clock.yield().then(() => {
      const batch = this.#deferred;
      this.#deferred = [];
      for (const one of batch) one.resume();
    });
  }

  enter(): void {
    this.#flows++;
  }

  /** The last flow closes the pipes behind itself. */
  leave(): void {
    this.#flows--;
    if (this.#flows === 0) this.pipes.clear();
  }
}

const engines = new WeakMap<Runtime, Engine>();

/**
 * Whether the signal would end the process: neither ignored nor caught, as /proc says. Where it
 * says nothing, Node's habit holds: SIGPIPE is ignored from the start.
 */
function isDeadly(kernel: Kernel, signal: number): boolean {
  const fd = kernel.openat(f.AT_FDCWD, '/proc/self/status', f.O_RDONLY | f.O_CLOEXEC, 0);
  if (fd < 0) return false;
  const bytes = new Uint8Array(4096);
  const length = kernel.read(fd, bytes);
  kernel.close(fd);
  const status = new TextDecoder().decode(bytes.subarray(0, Math.max(length, 0)));
  const bit = 1n << BigInt(signal - 1);
  const sets = [...status.matchAll(/^Sig(?:Ign|Cgt):\s*([0-9a-f]+)$/gm)];
  return sets.length > 0 && sets.every(([, set]) => (BigInt(`0x${set}`) & bit) === 0n);
}
