/** Numbers of bytes as a person writes them: `4096`, `64K`, `1.5M`, `2GiB`. Pure. */

/** What was written is no number of bytes; the message says why. */
export class SizeError extends Error {
  override readonly name = 'SizeError';
}

const UNITS = ['', 'K', 'M', 'G', 'T', 'P'];

/** In bytes, a whole number. The letters are powers of 1024, as everywhere in this command. */
export function parseSize(text: string): number {
  const match = /^(\d{1,16}(?:\.\d{1,9})?)(?:([KMGTP])(?:iB)?)?$/.exec(text);
  if (match === null) throw new SizeError(`'${text}' is no number of bytes: 4096, 64K, 1.5M, 2GiB`);
  const bytes = Number(match[1]) * 1024 ** UNITS.indexOf(match[2] ?? '');
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new SizeError(`'${text}' is not a whole number of bytes below 2^53`);
}
