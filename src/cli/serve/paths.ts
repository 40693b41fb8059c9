/**
 * From the target of a request to the names of a file, and to nothing else: decoded once, judged
 * whole. What passes is a list of plain names, each of which can only mean an entry of its
 * directory.
 */

/** The names from the root down, and whether the target ended in a slash. */
export interface FilePath {
  readonly names: readonly string[];
  readonly directory: boolean;
  /** With its question mark, for redirects; empty where there is none. */
  readonly query: string;
}

/** A target that no file can have (404), or that says nothing at all (400). */
export interface Refusal {
  readonly status: 400 | 404;
}

/** The path of a request target, or why there is none. */
export function parseTarget(target: string): FilePath | Refusal {
  const path = originForm(target);
  if (path === undefined) return { status: 400 };
  const mark = path.indexOf('?');
  const raw = mark < 0 ? path : path.slice(0, mark);
  if (!isWellEncoded(raw)) return { status: 400 };
  const decoded = decode(raw);
  if (decoded === undefined || /\p{Cc}/u.test(decoded)) return { status: 400 };
  const names = decoded.slice(1).split('/');
  const directory = names.at(-1) === '';
  if (directory) names.pop();
  // An empty name is a repeated slash: one file has one URL, and `//host` is another server's.
  if (names.some((name) => name === '' || name.startsWith('.'))) return { status: 404 };
  return { names, directory, query: mark < 0 ? '' : path.slice(mark) };
}

/**
 * The path of these names as a URL has it; with at least one name it never begins with two slashes.
 */
export function formatPath(names: readonly string[], directory: boolean): string {
  return `/${names.map(encodeURIComponent).join('/')}${directory && names.length > 0 ? '/' : ''}`;
}

/** RFC 9112 §3.2: a server takes `/path` and `http://host/path`. */
function originForm(target: string): string | undefined {
  if (target.startsWith('/')) return target;
  const absolute = /^https?:\/\/[^/?#]+(\/.*)?$/i.exec(target);
  return absolute === null ? undefined : (absolute[1] ?? '/');
}

/**
 * Every % starts an escape, and none of them hides a separator: %2F and %5C would be names here and
 * separators to whatever stands in front. A bare backslash or # is no part of a path (RFC 3986
 * §3.3).
 */
function isWellEncoded(raw: string): boolean {
  return !/%(?![0-9a-f]{2})|%2f|%5c|[\\#]/i.test(raw);
}

function decode(raw: string): string | undefined {
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}
