/**
 * The memory of an offloaded call. As on Linux it is copied: the call sees the bytes of the moment
 * it was handed over, and fills its caller's when it is over. This module is browser compatible.
 */
import { F_GETOWN_EX, F_OFD_GETLK, MSG_TRUNC } from '../flags.js';
import type { SleepingCall } from '../kernel.js';
import { elementsOf, isBytes } from './decode.js';
import type { Process } from './processes.js';

export interface Stage {
  readonly parameters: readonly unknown[];
  /** Copies to the caller what the call has filled: its answer, in bytes. */
  finish(result: number): void;
}

const FILLING: ReadonlySet<SleepingCall> = new Set<SleepingCall>([
  'read',
  'readv',
  'pread',
  'preadv',
  'preadv2',
  'recv',
  'recvmsg',
]);

export function stage(caller: Process, name: SleepingCall, parameters: readonly unknown[]): Stage {
  if (name === 'fcntl') return stageControl(parameters);
  const fills = isFilling(caller, name, parameters);
  const copy = fills && !mayLeaveBytes(name, parameters) ? empty : copyOf;
  const own = parameters.map((value) => elementsOf(value) ?? value);
  const staged = own.map((value) => (Array.isArray(value) ? value.map(copy) : copy(value)));
  const finish = (result: number) => {
    if (name === 'accept4') giveBack(own[2], own[2], staged[2], Number.POSITIVE_INFINITY);
    else if (fills) giveBack(parameters[1], own[1], staged[1], result);
  };
  return { parameters: staged, finish: (result) => (result >= 0 ? finish(result) : undefined) };
}

/** What fcntl(2) is given is copied, and two commands give back what they found. */
function stageControl([fd, command, value, ...rest]: readonly unknown[]): Stage {
  if (!(value instanceof Int32Array || value instanceof BigInt64Array)) {
    return { parameters: [fd, command, value, ...rest], finish: () => {} };
  }
  const copy = value.slice();
  const answers = command === F_GETOWN_EX || command === F_OFD_GETLK;
  const finish = (result: number) => {
    if (answers && result >= 0 && value.length === copy.length) value.set(copy as never);
  };
  return { parameters: [fd, command, copy], finish };
}

function copyOf(value: unknown): unknown {
  return isBytes(value) && value.length > 0 ? value.slice() : value;
}

/** What the memory holds is of no interest to a call that fills it. */
function empty(value: unknown): unknown {
  return isBytes(value) && value.length > 0 ? new Uint8Array(value.length) : value;
}

/** vmsplice(2) on the read end of a pipe fills the memory. */
function isFilling(caller: Process, name: SleepingCall, [fd]: readonly unknown[]): boolean {
  if (name !== 'vmsplice') return FILLING.has(name);
  return typeof fd === 'number' && caller.table.get(fd)?.isReadable === true;
}

/** recv(2) of TCP with MSG_TRUNC answers a number of bytes and fills none. */
function mayLeaveBytes(name: SleepingCall, parameters: readonly unknown[]): boolean {
  if (name !== 'recv' && name !== 'recvmsg') return false;
  return (Number(parameters[name === 'recv' ? 2 : 3]) & MSG_TRUNC) !== 0;
}

/**
 * @param now the memory or the array of it, as its owner has it by now
 * @param own the same when the call was handed over
 * @param from what the call has filled in its place
 * @param length how many bytes
 */
function giveBack(now: unknown, own: unknown, from: unknown, length: number): void {
  const originals = Array.isArray(own) ? own : [own];
  const sources = Array.isArray(from) ? from : [from];
  const targets = Array.isArray(now) ? fetch(now, originals.length) : [now];
  let left = length;
  for (const [index, source] of sources.entries()) {
    if (left <= 0) return;
    const target = targets[index];
    if (!isBytes(source)) left -= Number(source?.[1] ?? 0);
    else {
      if (isStill(target, originals[index], source.length)) target.set(source.subarray(0, left));
      left -= source.length;
    }
  }
}

/** All elements before the first is looked into: a getter may detach what another has given. */
function fetch(array: readonly unknown[], count: number): unknown[] {
  return Array.from({ length: count }, (_, index) => {
    try {
      return array[index];
    } catch {
      return undefined;
    }
  });
}

/** A buffer that was detached, or that is another one by now, is left alone. */
function isStill(now: unknown, own: unknown, length: number): now is Uint8Array {
  if (!isBytes(now) || !isBytes(own)) return false;
  return now.length === length && now.buffer === own.buffer && now.byteOffset === own.byteOffset;
}
