/**
 * The Range header of a GET (RFC 9110 §14): which one part of the file is meant, if any. Reading is
 * range-parser's; what surrounds it here are the three places where it is too kind or too strict.
 */
import parseRange from 'range-parser';

/** A part of a file, in bytes. */
export interface Part {
  readonly offset: number;
  readonly length: number;
}

/**
 * More ranges than this are not worth reading: a server may ignore the header (§14.2), and a
 * hundred thousand overlapping ranges are how one asks for a day of work with one line.
 */
const MAX_RANGES = 16;

const GRAMMAR = /^bytes=(?:\d+-\d*|-\d+)(?:[ \t]*,[ \t]*(?:\d+-\d*|-\d+))*$/i;

/** The part to send; 'whole' where the header does not count; 'unsatisfiable' for a 416. */
export function selectPart(header: string, size: number): Part | 'whole' | 'unsatisfiable' {
  // Nothing lies in an empty file, and 416 would be all that a client with a habit of Range ever
  // gets.
  if (size === 0 || hasTooMany(header) || !GRAMMAR.test(header)) return 'whole';
  if (hasInverted(header)) return 'whole';
  const ranges = parseRange(size, clampSuffixes(header, size), { combine: true });
  if (ranges === -1) return 'unsatisfiable';
  const [only, second] = typeof ranges === 'number' ? [] : ranges;
  // Several parts would need multipart/byteranges, which a server need not have (§15.3.7.2).
  if (only === undefined || second !== undefined) return 'whole';
  return { offset: only.start, length: only.end - only.start + 1 };
}

function hasTooMany(header: string): boolean {
  let commas = 0;
  for (let at = header.indexOf(','); at >= 0; at = header.indexOf(',', at + 1)) {
    if (++commas >= MAX_RANGES) return true;
  }
  return false;
}

/**
 * A range that ends before it starts makes the header invalid (§14.1.1): range-parser only drops
 * it.
 */
function hasInverted(header: string): boolean {
  for (const [, first, last] of header.matchAll(/(\d+)-(\d+)/g)) {
    if (BigInt(last as string) < BigInt(first as string)) return true;
  }
  return false;
}

/** `-500` of a shorter file is all of it (§14.1.2): range-parser finds nothing there. */
function clampSuffixes(header: string, size: number): string {
  return header.replace(/([=,\s])-(\d+)/g, (text, before: string, suffix: string) =>
    Number(suffix) > size ? `${before}0-` : text,
  );
}
