/**
 * `signal_watch` and `signal_unwatch`: each delivery of a signal becomes a record in a pipe. This
 * module is browser compatible.
 */
import { EBUSY, EINVAL, EMFILE } from '../../errno.js';
import * as f from '../../flags.js';
import type { Doors } from '../../kernel.js';
import { Call } from '../call.js';
import * as kind from '../decode.js';
import { Description } from '../description.js';
import { newPipe } from '../pipe/capacity.js';
import type { Process } from '../processes.js';
import { type Action, LAST_SIGNAL, type SignalInfo } from '../signals.js';

type SignalWatches = Pick<Doors, 'signal_watch' | 'signal_unwatch'>;

export function signalDoors(caller: Process): SignalWatches {
  return {
    signal_watch: (signal) => {
      const number = readSignal(signal);
      return number < 0 ? number : start(caller, number);
    },
    signal_unwatch: (signal) => {
      const number = readSignal(signal);
      return number < 0 ? number : stop(caller, number);
    },
  };
}

/** Nothing catches the first two, and the C library keeps the others for its threads. */
const UNCATCHABLE: readonly number[] = [f.SIGKILL, f.SIGSTOP, 32, 33];

function readSignal(signal: unknown): number {
  const number = kind.int(signal);
  if (number instanceof kind.Refusal || number < 1 || number > LAST_SIGNAL) return -EINVAL;
  return UNCATCHABLE.includes(number) ? -EINVAL : number;
}

function start(caller: Process, signal: number): number {
  const { table, descriptorLimit, signalWatches } = caller;
  if (signalWatches.has(signal)) return -EBUSY;
  // Both ends have a number on Linux.
  if (!table.hasRoom(2, descriptorLimit)) return -EMFILE;
  const pipe = newPipe(caller);
  if (typeof pipe === 'number') return pipe;
  const reader = new Description(pipe, f.O_RDONLY | f.O_NONBLOCK);
  const writer = new Description(pipe, f.O_WRONLY | f.O_NONBLOCK);
  signalWatches.set(signal, new SignalWatch(caller, signal, writer));
  return table.open(reader, true, descriptorLimit);
}

function stop({ signalWatches }: Process, signal: number): number {
  return signalWatches.get(signal)?.end() ?? -EINVAL;
}

export class SignalWatch {
  readonly #before: Action;
  readonly #handler: Action = (info) => this.#record(info);

  constructor(
    readonly caller: Process,
    readonly signal: number,
    readonly writer: Description,
  ) {
    this.#before = caller.signals.action(signal);
    caller.signals.set(signal, this.#handler);
  }

  /**
   * What is pending is dropped, because it would meet the old action; another handler that was put
   * on top since stays.
   */
  end(): 0 {
    const { signals, signalWatches } = this.caller;
    if (signals.action(this.signal) === this.#handler) {
      signals.set(this.signal, 'ignore');
      signals.set(this.signal, this.#before);
    }
    signalWatches.delete(this.signal);
    this.writer.release();
    return 0;
  }

  /** A full pipe drops the record, and so does one that nobody reads. */
  #record({ signal, code, fd, band }: SignalInfo): void {
    const record = new Int32Array(f.SIGNAL_RECORD_BYTES / 4);
    record[f.SIGNAL_NUMBER] = signal;
    record[f.SIGNAL_CODE] = code;
    record[f.SIGNAL_FD] = fd;
    record[f.SIGNAL_BAND] = band;
    const call = new Call(this.caller, { calls: 0, bytesCopied: 0, pagesPassed: 0 }, false);
    call.mustNotSignal = true;
    const memory = call.memory(new Uint8Array(record.buffer));
    if (typeof memory === 'number') return;
    this.writer.object.write(this.writer, memory, null, call);
  }
}
