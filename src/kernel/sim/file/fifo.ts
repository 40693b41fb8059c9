/** FIFOs: pipes with a name. See fifo(7). This module is browser compatible. */
import { ENXIO } from '../../errno.js';
import { O_ACCMODE, O_NONBLOCK, O_RDONLY, O_RDWR, S_IFIFO } from '../../flags.js';
import type { Call } from '../call.js';
import { Description } from '../description.js';
import { newPipe } from '../pipe/capacity.js';
import type { Pipe } from '../pipe/pipe.js';
import { WaitQueue } from '../wait.js';
import { Inode, type Opening } from './inode.js';

export class Fifo extends Inode {
  readonly kind = 'fifo';
  readonly type = S_IFIFO;
  /** Where who opens one side waits for the other. */
  readonly #queue = new WaitQueue();
  /** The pipe while somebody has it open. */
  #pipe: Pipe | undefined;
  /** How often each side has been opened: who waits sees one that is closed again, too. */
  #readings = 0;
  #writings = 0;

  override open(call: Call, flags: number): Opening {
    const access = flags & O_ACCMODE;
    const isAlone = this.#pipe === undefined || this.#pipe.readers === 0;
    const mustWait = (flags & O_NONBLOCK) === 0;
    if (access !== O_RDONLY && access !== O_RDWR && !mustWait && isAlone) return -ENXIO;
    const file = this.#opened(call, flags);
    if (typeof file === 'number' || access === O_RDWR || !mustWait) return file;
    return this.#partner(call, file);
  }

  #opened(call: Call, flags: number): Description | number {
    const pipe = this.#pipe ?? newPipe(call.caller, this);
    if (typeof pipe === 'number') return pipe;
    this.#pipe = pipe;
    const file = new Description(pipe, flags);
    if (file.isReadable) this.#readings++;
    if (file.isWritable) this.#writings++;
    this.#queue.wakeAll();
    return file;
  }

  /** Waits until the other side is open, or has been since. */
  #partner(call: Call, file: Description): Opening {
    const count = () => (file.isReadable ? this.#writings : this.#readings);
    const pipe = file.object as Pipe;
    if ((file.isReadable ? pipe.writers : pipe.readers) > 0) return file;
    const before = count();
    call.keep(file);
    return () => {
      return count() === before ? call.sleep(this.#queue) : file.hold();
    };
  }

  /** The last description of the pipe has gone, and what is in it with it. */
  pipeEnded(): void {
    this.#pipe = undefined;
  }
}
