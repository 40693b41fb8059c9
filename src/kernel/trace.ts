/**
 * A kernel that tells what it is asked, in lines that read like strace(1)'s.
 * This module is browser compatible.
 */
import * as argument from './argument.js';
import { errnoMessage, errnoName } from './errno.js';
import type { Kernel } from './kernel.js';
import { isBeyondKernel } from './names.js';
import { PRINTERS, type Printer, show } from './trace-format.js';

/**
 * Wraps any kernel; every call is made as it is and then written as one line.
 *
 * A call that went through `offload` is written when it is done, behind the number of its ticket;
 * `watch` and the other doors print their parameters as they are.
 *
 * @param kernel what makes the calls
 * @param write gets each line, without an end of line
 * @returns a kernel of the same kind
 *
 * @example
 * ```ts
 * import { deepEqual } from 'node:assert/strict';
 * import { linux } from 'sluice';
 * import { trace } from 'sluice/sim';
 *
 * const lines: string[] = [];
 * const kernel = trace(linux, (line) => lines.push(line));
 * kernel.write(-1, new TextEncoder().encode('hello'));
 * deepEqual(lines, ['write(-1, "hello", 5) = -1 EBADF (Bad file descriptor)']);
 * ```
 */
export function trace<K extends Kernel>(kernel: K, write: (line: string) => void): K {
  argument.record(kernel, 'kernel');
  argument.callback(write, 'write');
  return new Proxy(kernel, {
    get(target, name: string & keyof K) {
      const call = target[name];
      if (typeof call !== 'function') return call;
      if (name === 'offload') return traceOffload(target, write);
      if (isBeyondKernel(name)) return call.bind(target);
      return (...parameters: unknown[]) => {
        const result = call.apply(target, parameters);
        write(line(name, parameters, result));
        return result;
      };
    },
  });
}

function traceOffload(kernel: Kernel, write: (line: string) => void): Kernel['offload'] {
  return (name, parameters, done) => {
    const ticket = kernel.offload(name, parameters, (result) => {
      write(`[offload ${ticket}] ${line(name, parameters, result)}`);
      done(result);
    });
    if (ticket < 0) write(`[offload] ${line(name, parameters, ticket)}`);
    return ticket;
  };
}

function line(name: string, parameters: readonly unknown[], result: unknown): string {
  const printers: readonly Printer[] | undefined = PRINTERS[name];
  const printed = printers
    ? printers.map((print) => print(parameters, Number(result)))
    : parameters.map(show);
  return `${name}(${printed.join(', ')}) = ${answer(name, result)}`;
}

/** Addresses in hexadecimal; an error as −1, its name and its meaning. */
function answer(name: string, result: unknown): string {
  if (typeof result !== 'number') return show(result);
  if (result < 0) {
    const message = errnoMessage(-result);
    return `-1 ${errnoName(-result)} (${message.charAt(0).toUpperCase()}${message.slice(1)})`;
  }
  return name === 'mmap' || name === 'mremap' ? `0x${result.toString(16)}` : String(result);
}
