/**
 * A terminal at which nobody types: what is written is taken, and a read waits. This module is
 * browser compatible.
 */
import { EAGAIN } from '../../errno.js';
import { POLLOUT, S_IFCHR } from '../../flags.js';
import type { Call } from '../call.js';
import type { Cursor } from '../cursor.js';
import { Description } from '../description.js';
import { SimObject } from '../object.js';
import { WaitQueue } from '../wait.js';
import { Inode } from './inode.js';

/** /dev/ptmx: each open(2) gives a terminal of its own. */
export class TerminalDevice extends Inode {
  readonly kind = 'device';
  readonly type = S_IFCHR;

  /** Major number 5, minor 2. */
  override get rdev(): number {
    return 0x502;
  }

  override open(_call: Call, flags: number): Description {
    return new Description(new Terminal(this), flags);
  }
}

class Terminal extends SimObject {
  readonly kind = 'terminal';
  /** Nothing ever wakes who waits here. */
  readonly #queue = new WaitQueue();

  constructor(readonly device: TerminalDevice) {
    super();
  }

  override get path(): string {
    return this.device.path;
  }

  override get splicesByCopy(): boolean {
    return true;
  }

  override read(file: Description, memory: Cursor, _position: null, call: Call): number {
    if (memory.left === 0) return 0;
    const isRefused = call.isNonBlocking(file) || call.mustNotSplice;
    return isRefused ? -EAGAIN : call.sleep(this.#queue);
  }

  override write(_file: Description, memory: Cursor, _position: null, _call: Call): number {
    return memory.left;
  }

  override poll(): number {
    return POLLOUT;
  }

  override queues(): readonly WaitQueue[] {
    return [this.#queue];
  }

  override unread(): number {
    return 0;
  }

  override stat(stat: BigInt64Array): void {
    this.device.stat(stat);
  }

  override statfs(statfs: BigInt64Array): void {
    this.device.statfs(statfs);
  }
}
