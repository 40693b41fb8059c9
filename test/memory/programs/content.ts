/** What is in the files of the races: no byte of it is zero. */
import * as sys from '../../../src/sys.js';

export const PAGE = sys.getpagesize();
export const CONTENT = Uint8Array.from({ length: 32 * PAGE }, (_, index) => 1 + (index % 251));
