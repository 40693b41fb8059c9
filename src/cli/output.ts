/**
 * What the command says. The standard streams of Node are touched here only and only when something
 * is said: the first touch makes a pipe non-blocking for everyone who shares it.
 */
import process from 'node:process';
import { EXIT_PIPE, isPipeGone } from './failure.js';

/** To standard output: what was asked for. */
export function print(text: string): void {
  say(process.stdout, text);
}

/** To standard error: everything else. */
export function complain(text: string): void {
  say(process.stderr, text);
}

const guarded = new Set<NodeJS.WriteStream>();

/** A reader that has gone ends the command without a word. */
function say(stream: NodeJS.WriteStream, text: string): void {
  if (!guarded.has(stream)) {
    guarded.add(stream);
    stream.on('error', (error) => {
      if (isPipeGone(error)) process.exit(EXIT_PIPE);
      throw error;
    });
  }
  stream.write(`${text.trimEnd()}\n`);
}
