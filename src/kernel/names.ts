/** What the functions of a kernel are, by name, for those that wrap them. Browser compatible. */
import type { Calls } from './kernel.js';

/** One system call: not a door, not the ArrayBuffer of a mapping, not a sim kernel's own. */
export function isSystemCall(name: string): name is keyof Calls {
  const doors = /^(watch|hold|unwatch|offload|interrupt|signal_.*|view|address_of|detach)$/;
  return !doors.test(name) && !isBeyondKernel(name);
}

/**
 * What only `SimKernel` has: to look inside, to make processes and to prepare files is no call of a
 * program's.
 */
export function isBeyondKernel(name: string): boolean {
  return (
    /^(inspect|fork|exec|mkdir|mkfifo|symlink|readlink|unlink|rmdir|rename)$/.test(name) ||
    /^(chmod|chown|utimes|readdir|readFile|writeFile)$/.test(name)
  );
}
