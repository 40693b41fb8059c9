/**
 * The memory of an offloaded call. As on Linux it is copied: the call sees the bytes of the moment
 * it was handed over, and fills its caller's when it is over. This module is browser compatible.
 */
import type { Memory, SleepingCall } from '../kernel.js';
import { elementsOf, isBytes } from './decode.js';
import type { Process } from './processes.js';

export interface Stage {
  readonly parameters: readonly unknown[];
  /** Copies to the caller what the call has filled: its answer, in bytes. */
  finish(result: number): void;
}

const FILLING: readonly SleepingCall[] = ['read', 'readv', 'pread', 'preadv', 'preadv2', 'recv'];

export function stage(caller: Process, name: SleepingCall, parameters: readonly unknown[]): Stage {
  const own = parameters.map((value) => elementsOf(value) ?? value);
  const staged = own.map((value) => (Array.isArray(value) ? value.map(copy) : copy(value)));
  const fills = isFilling(caller, name, own);
  const finish = (result: number) => {
    if (name === 'accept4') giveBack(own[2], staged[2], Number.POSITIVE_INFINITY);
    else if (fills) giveBack(own[1], staged[1], result);
  };
  return { parameters: staged, finish: (result) => (result >= 0 ? finish(result) : undefined) };
}

function copy(value: unknown): unknown {
  return isBytes(value) && value.length > 0 ? value.slice() : value;
}

/** vmsplice(2) on the read end of a pipe fills the memory. */
function isFilling(caller: Process, name: SleepingCall, [fd]: readonly unknown[]): boolean {
  if (name !== 'vmsplice') return FILLING.includes(name);
  return typeof fd === 'number' && caller.table.get(fd)?.isReadable === true;
}

function giveBack(to: unknown, from: unknown, length: number): void {
  const targets = (Array.isArray(to) ? to : [to]) as (Memory | null)[];
  const sources = (Array.isArray(from) ? from : [from]) as (Memory | null)[];
  let left = length;
  for (const [index, target] of targets.entries()) {
    const source = sources[index];
    if (!isBytes(source)) {
      left -= Number(source?.[1] ?? 0);
      continue;
    }
    const filled = source.subarray(0, Math.max(0, left));
    // A buffer that was detached meanwhile is left alone.
    if ((target as Uint8Array).length === source.length) (target as Uint8Array).set(filled);
    left -= source.length;
  }
}
