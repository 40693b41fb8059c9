/** Maps a path when the lowest free number is one of stdio's, which a child could take. */
import { closeSync, fstatSync } from 'node:fs';
import { map } from '../../../src/index.js';
import { CONTENT } from './content.js';

closeSync(0);
using mapping = map(process.argv[2] as string);
let open = true;
try {
  fstatSync(0);
} catch {
  open = false;
}
console.log(`0 is open: ${open}, ${mapping.length === CONTENT.length}, ${mapping.damaged}`);
