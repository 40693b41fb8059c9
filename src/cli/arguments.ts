/**
 * What stands behind an option, read and checked: each of these throws in the way commander
 * expects.
 */
import { InvalidArgumentError } from 'commander';
import { parseDuration } from './duration.js';
import { parseHost, parsePort } from './endpoint.js';
import { parseSize } from './size.js';

/** Bytes. */
export const size = reader(parseSize);

/** Milliseconds. */
export const duration = reader(parseDuration);

export const port = reader((text) => parsePort(text, 0));
export const host = reader(parseHost);

export const count = reader((text) => {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value < 1) throw new Error(`'${text}' is no whole number above 0`);
  return value;
});

/** Each needs room for at least one pipe: see PIPE_PAGES. */
const MOST_WORKERS = 256;

export const workers = reader((text) => {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > MOST_WORKERS) {
    throw new Error(`'${text}' is no whole number from 1 to ${MOST_WORKERS}`);
  }
  return value;
});

export const folder = reader((text) => {
  if (text === '') throw new Error('an empty name is no folder');
  return text;
});

/** One of these words. */
export function oneOf(words: readonly string[]): (text: string) => string {
  return reader((text) => {
    if (!words.includes(text)) throw new Error(`'${text}' is none of ${words.join(', ')}`);
    return text;
  });
}

/** One more of what can be given several times. */
export function another(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

function reader<Value>(parse: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };
}
