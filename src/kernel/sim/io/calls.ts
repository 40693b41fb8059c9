/** The io family of the sim kernel: the descriptor itself, and bytes through it. */
import type { IoCalls } from '../../kernel.js';
import type { Rows } from '../row.js';
import { controlRows } from './control.js';
import { duplicateRows } from './duplicate.js';
import { transferRows } from './transfer.js';

export const ioRows: Rows<IoCalls> = { ...transferRows, ...duplicateRows, ...controlRows };
