/**
 * The dates of HTTP (RFC 9110 §5.6.7): one form that is written, three that are read. `Date.parse`
 * reads far more than these, and the one without a zone as local time.
 */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const MONTH = '([A-Z][a-z]{2})';
const CLOCK = '(\\d\\d):(\\d\\d):(\\d\\d)';

const FIXED = new RegExp(`^${DAY}, (\\d\\d) ${MONTH} (\\d{4}) ${CLOCK} GMT$`);
const RFC_850 = new RegExp(`^${LONG_DAY}, (\\d\\d)-${MONTH}-(\\d\\d) ${CLOCK} GMT$`);
const ASCTIME = new RegExp(`^${DAY} ${MONTH} ([ \\d]\\d) ${CLOCK} (\\d{4})$`);

/** The form to write: `Sun, 06 Nov 1994 08:49:37 GMT`. */
export function formatDate(ms: number): string {
  return new Date(ms).toUTCString();
}

/** Milliseconds since 1970, or undefined where the text is no date of HTTP. */
export function parseDate(text: string, nowMs: number): number | undefined {
  let match = FIXED.exec(text);
  if (match !== null) return time(match[3], match[2], match[1], match.slice(4, 7));
  match = ASCTIME.exec(text);
  if (match !== null) return time(match[6], match[1], match[2], match.slice(3, 6));
  match = RFC_850.exec(text);
  if (match === null) return undefined;
  return time(fullYear(Number(match[3]), nowMs), match[2], match[1], match.slice(4, 7));
}

/** Two digits that seem more than fifty years ahead mean the past. */
function fullYear(twoDigits: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}

function time(
  year: string | number | undefined,
  month: string | undefined,
  day: string | undefined,
  clock: readonly string[],
): number | undefined {
  const monthIndex = MONTHS.indexOf(month ?? '');
  const [hour, minute, second] = clock.map(Number) as [number, number, number];
  if (monthIndex < 0 || hour > 23 || minute > 59 || second > 60) return undefined;
  // A leap second is no second of this clock: it counts as the one before.
  const ms = Date.UTC(Number(year), monthIndex, Number(day), hour, minute, Math.min(second, 59));
  return new Date(ms).getUTCDate() === Number(day) ? ms : undefined;
}
