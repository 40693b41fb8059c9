/** What `Names` takes, checked by JavaScript type before anything happens. Browser compatible. */
import * as argument from '../../argument.js';
import { isBytes } from '../decode.js';
import type { Names } from './names.js';

type Parameters = Readonly<Record<string, argument.Check>>;

const mode = argument.optional(argument.integer);
const PATH: Parameters = { path: argument.path };

/** The parameters of each function, in order. */
const CHECKS: Readonly<Record<keyof Names, Parameters>> = {
  mkdir: { ...PATH, mode },
  mkfifo: { ...PATH, mode },
  symlink: { target: argument.path, ...PATH },
  readlink: PATH,
  unlink: PATH,
  rmdir: PATH,
  rename: { ...PATH, newPath: argument.path },
  chmod: { ...PATH, mode: argument.integer },
  chown: { ...PATH, uid: argument.count, gid: argument.count },
  utimes: { ...PATH, atimeNs: time, mtimeNs: time },
  readdir: PATH,
  readFile: PATH,
  writeFile: { ...PATH, content, mode },
};

/** Throws a TypeError or RangeError that names the parameter. */
export function checkNames(name: string, values: readonly unknown[]): void {
  for (const [index, [parameter, check]] of Object.entries(CHECKS[name as keyof Names]).entries()) {
    check(values[index], parameter);
  }
}

function time(value: unknown, name: string): void {
  if (typeof value !== 'bigint') {
    throw new argument.InvalidArgumentType(name, 'of type bigint', value);
  }
}

function content(value: unknown, name: string): void {
  if (typeof value === 'string' || isBytes(value)) return;
  throw new argument.InvalidArgumentType(name, 'of type string or Uint8Array', value);
}
