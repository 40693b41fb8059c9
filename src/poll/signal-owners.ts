/**
 * The signals that are not a program's to take for I/O, and whose they are.
 * This module is browser compatible.
 */
import { SluiceError } from '../kernel/error.js';
import * as f from '../kernel/flags.js';

const OWNERS: ReadonlyMap<number, string> = new Map([
  [f.SIGKILL, 'SIGKILL is the kernel’s: nothing catches it'],
  [f.SIGSTOP, 'SIGSTOP is the kernel’s: nothing catches it'],
  [f.SIGSEGV, 'SIGSEGV is the kernel’s, for a wrong address; V8 handles it'],
  [f.SIGBUS, 'SIGBUS is the kernel’s, for a lost page'],
  [f.SIGFPE, 'SIGFPE is the kernel’s, for wrong arithmetic'],
  [f.SIGILL, 'SIGILL is the kernel’s, for a wrong instruction'],
  [f.SIGTRAP, 'SIGTRAP is the kernel’s, for debuggers and V8'],
  [f.SIGSYS, 'SIGSYS is the kernel’s, for a forbidden call'],
  [f.SIGABRT, 'SIGABRT is abort(3)’s'],
  [32, 'signal 32 is the C library’s, for its threads'],
  [33, 'signal 33 is the C library’s, for its threads'],
  [f.SIGPROF, 'SIGPROF is V8’s, for its profiler'],
  [f.SIGCHLD, 'SIGCHLD is libuv’s, for child processes'],
  [f.SIGWINCH, 'SIGWINCH is libuv’s, for terminals'],
  [f.SIGUSR1, 'SIGUSR1 is Node’s, for its debugger'],
  [f.SIGPIPE, 'SIGPIPE is Node’s, which ignores it'],
  [f.SIGINT, 'SIGINT is Node’s, which restores the terminal'],
  [f.SIGTERM, 'SIGTERM is Node’s, which restores the terminal'],
]);

/** Throws ERR_SLUICE_SIGNAL for a signal that has an owner. */
export function refuseOwned(signal: number): void {
  const owner = OWNERS.get(signal);
  if (owner !== undefined) throw new SluiceError('ERR_SLUICE_SIGNAL', owner);
}
