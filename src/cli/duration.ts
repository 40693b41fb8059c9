/** Durations as a person writes them: `500ms`, `30s`, `5m`, `1h`. Pure. */

/** What was written is no duration; the message says why. */
export class DurationError extends Error {
  override readonly name = 'DurationError';
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** The longest that a timer of JavaScript can be set to: 2^31 − 1 ms, 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

/** In milliseconds, above 0. A number without a unit could be meant either way: it is refused. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,15}(?:\.\d{1,9})?)(ms|s|m|h)$/.exec(text);
  if (match === null) throw new DurationError(`'${text}' is no duration: 500ms, 30s, 5m, 1h`);
  const ms = Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
  if (!(ms > 0 && ms <= LONGEST_MS)) {
    throw new DurationError(`'${text}' is out of range: above 0, and at most 24 days`);
  }
  return ms;
}
