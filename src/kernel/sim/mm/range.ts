/** Addresses and lengths as calls are given them. This module is browser compatible. */
import { type Kind, offset, Refusal } from '../decode.js';
import { PAGE_SIZE } from '../page.js';
import { ADDRESS_END } from '../space.js';

/** Stands for all addresses that a number does not have exactly: none of them is ever mapped. */
const BEYOND = 2 ** 52;

/** A pointer. A negative number is one from the end of the 64 bits. */
export const address: Kind<number> = (value) => {
  const given = offset(value);
  if (given instanceof Refusal) return given;
  if (typeof given === 'number' && given >= 0 && given <= BEYOND) return given;
  return BEYOND + Number(BigInt.asUintN(12, BigInt(given)));
};

/** As many bytes as the pages have that hold so many. */
export function wholePages(length: number, pageBytes: number = PAGE_SIZE): number {
  return Math.ceil(length / pageBytes) * pageBytes;
}

export function isInsidePage(address: number): boolean {
  return address % PAGE_SIZE !== 0;
}

/** Whether a process may have all of these addresses. */
export function isPossible(address: number, length: number): boolean {
  return length <= ADDRESS_END && address <= ADDRESS_END - length;
}
