/** /proc/PID/maps. This module is browser compatible. */
import { STAT_DEV, STAT_FIELDS, STAT_INO } from '../../flags.js';
import type { Area } from './area.js';
import type { Space } from './space.js';

/** What a program has of the kernel in its memory; what it maps itself is below, as a rule. */
export const VDSO_START = 0x7fff_f7fc_1000;
const VDSO_END = 0x7fff_f7fc_3000;
/** In this column the name begins. */
const NAME_COLUMN = 73;

/** A line for each area, by address. */
export function mapsOf({ areas }: Space): string {
  const vdso = line(VDSO_START, VDSO_END, 'r-xp', 0, 0n, 0n, '[vdso]');
  const [below, above] = [[...areas].filter(isBelow), [...areas].filter((one) => !isBelow(one))];
  return [...below.map(lineOf), vdso, ...above.map(lineOf)].join('');
}

function isBelow({ start }: Area): boolean {
  return start < VDSO_START;
}

function lineOf({ start, end, permissions, position, kind }: Area): string {
  const stat = new BigInt64Array(STAT_FIELDS);
  kind.file?.object.stat(stat);
  const [device = 0n, inode = 0n] = [stat[STAT_DEV], stat[STAT_INO]];
  return line(start, end, permissions, position, device, inode, kind.file?.object.path ?? '');
}

function line(
  start: number,
  end: number,
  permissions: string,
  position: number,
  device: bigint,
  inode: bigint,
  name: string,
): string {
  const range = `${hex(start, 0)}-${hex(end, 0)}`;
  const major = hex((device >> 8n) & 0xfffn, 2);
  const minor = hex(device & 0xffn, 2);
  const text = `${range} ${permissions} ${hex(position, 8)} ${major}:${minor} ${inode} `;
  return `${name === '' ? text : text.padEnd(NAME_COLUMN) + name}\n`;
}

function hex(number: number | bigint, digits: number): string {
  return number.toString(16).padStart(digits, '0');
}
