/**
 * What a process's addresses mean to a call. `mm` has the one that is used: areas, protection and
 * pages. This module is browser compatible.
 */
import type { Page } from './page.js';

/** Addresses end here: a pointer beyond is refused before anything is looked at (access_ok). */
export const ADDRESS_END = 2 ** 47 - 4096;

export interface AddressSpace {
  /** Copies `length` bytes at the address to `bytes` from `start` on; fewer where a page is bad. */
  load(address: number, bytes: Uint8Array, start: number, length: number): number;
  /** Copies the other way, in the same way. */
  store(address: number, bytes: Uint8Array, start: number, length: number): number;
  /**
   * The page that holds the address, for vmsplice(2), with a reference for the taker. undefined
   * where a load would be a signal.
   */
  page(address: number): Page | undefined;
}
