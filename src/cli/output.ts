/**
 * What the command says, line by line and at once. Not by the streams of Node: the first touch of
 * `process.stdout` makes a pipe non-blocking for everyone who shares it.
 */
import { writeSync } from 'node:fs';
import { EXIT_PIPE, isPipeGone } from './failure.js';

/** To standard output: what was asked for. */
export function print(text: string): void {
  say(1, text);
}

/** To standard error: everything else. */
export function complain(text: string): void {
  say(2, text);
}

/** A reader that has gone ends the command without a word. */
function say(fd: number, text: string): void {
  try {
    writeSync(fd, `${text.trimEnd()}\n`);
  } catch (error) {
    if (isPipeGone(error)) process.exit(EXIT_PIPE);
    // Somebody made it non-blocking and reads too slowly: a line is not worth a stall.
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
}
