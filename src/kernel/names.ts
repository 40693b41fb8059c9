/** What the functions of a kernel are, by name, for those that wrap them. Browser compatible. */
import type { Calls } from './kernel.js';

/** One system call: not a door, not the ArrayBuffer of a mapping, not a sim kernel's own. */
export function isSystemCall(name: string): name is keyof Calls {
  return !DOORS.test(name) && !OF_LINUX.test(name) && !isBeyondKernel(name);
}

const DOORS = /^(watch|hold|unwatch|offload|interrupt|signal_.*)$/;
const OF_LINUX =
  /^(view|address_of|detach|own|disown|(un)?guard|guard_.*|requests|entrust|reclaim)$/;

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
