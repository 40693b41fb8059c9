/**
 * Decide, then send: what a request for a file is answered, as a pure function. Nothing here opens,
 * reads or writes.
 */
import etag from 'etag';
import fresh from 'fresh';
import { formatDate, parseDate } from './dates.js';
import { type Part, selectPart } from './ranges.js';

/** What is known of the file that was opened. */
export interface Entity {
  readonly type: string;
  readonly size: number;
  readonly inode: bigint;
  readonly modifiedNs: bigint;
  readonly changedNs: bigint;
}

/** The headers of a request, as Node has them: lower case, joined. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface Plan {
  readonly status: 200 | 206 | 304 | 412 | 416;
  readonly headers: Readonly<Record<string, string>>;
  /** What of the file is the body; absent where there is none (HEAD too). */
  readonly body?: Part;
}

const CONSULTED = [
  'cache-control',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
];

/**
 * How long a file must have been left alone for its tag to be strong: no clock of a file is
 * coarser.
 */
const SETTLED_MS = 2000;

/** The answer to a GET or HEAD of `entity`. */
export function plan(
  method: 'GET' | 'HEAD',
  headers: RequestHeaders,
  entity: Entity,
  nowMs: number,
): Plan {
  const request = single(headers);
  const validators = describe(entity, nowMs);
  if (failsPrecondition(request, validators, nowMs)) {
    return { status: 412, headers: { 'content-length': '0' } };
  }
  if (isFresh(request, validators, nowMs)) return { status: 304, headers: { ...validators } };
  return planBody(method, request, entity, validators);
}

interface Validators {
  readonly etag: string;
  readonly 'last-modified': string;
}

type Single = Readonly<Record<string, string | undefined>>;

function single(headers: RequestHeaders): Single {
  const one: Record<string, string | undefined> = {};
  for (const name of CONSULTED) {
    const value = headers[name];
    one[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return one;
}

/**
 * The tag is of what changes with the content: place, size and both times to the nanosecond,
 * because two versions of one size within a millisecond are common and ctime cannot be set back.
 * Right after a change the next one may fall into the same tick of the file system's clock: the tag
 * is weak until that is past.
 */
function describe(entity: Entity, nowMs: number): Validators {
  const { inode, size, modifiedNs, changedNs } = entity;
  const modifiedMs = Number(modifiedNs / 1_000_000n);
  const weak = nowMs - Number(changedNs / 1_000_000n) < SETTLED_MS;
  return {
    etag: etag(`${inode}-${size}-${modifiedNs}-${changedNs}`, { weak }),
    // Never later than the message itself (RFC 9110 §8.8.2.1).
    'last-modified': formatDate(Math.min(modifiedMs, nowMs)),
  };
}

/** If-Match and If-Unmodified-Since (RFC 9110 §13.2.2, steps 1 and 2). */
function failsPrecondition(request: Single, validators: Validators, nowMs: number): boolean {
  const match = request['if-match'];
  if (match !== undefined) return match.trim() !== '*' && !matchesStrongly(match, validators.etag);
  const since = parseDate(request['if-unmodified-since'] ?? '', nowMs);
  return since !== undefined && modified(validators, nowMs) > since;
}

function modified(validators: Validators, nowMs: number): number {
  return parseDate(validators['last-modified'], nowMs) ?? nowMs;
}

/** Neither may be weak (RFC 9110 §8.8.3.2). */
function matchesStrongly(list: string, tag: string): boolean {
  return !tag.startsWith('W/') && list.split(',').some((candidate) => candidate.trim() === tag);
}

/** If-None-Match and If-Modified-Since; a date that is none does not count. */
function isFresh(request: Single, validators: Validators, nowMs: number): boolean {
  const since = parseDate(request['if-modified-since'] ?? '', nowMs);
  const conditions: Record<string, string> = {};
  if (request['cache-control']) conditions['cache-control'] = request['cache-control'];
  if (request['if-none-match']) conditions['if-none-match'] = request['if-none-match'].trim();
  if (since !== undefined) conditions['if-modified-since'] = formatDate(since);
  return fresh(conditions, { ...validators });
}

function planBody(
  method: 'GET' | 'HEAD',
  request: Single,
  entity: Entity,
  validators: Validators,
): Plan {
  const { size, type } = entity;
  const part = method === 'GET' ? partOf(request, size, validators) : 'whole';
  if (part === 'unsatisfiable') {
    return { status: 416, headers: { 'content-range': `bytes */${size}`, 'content-length': '0' } };
  }
  const headers = {
    'content-type': type,
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
    ...validators,
  };
  if (part === 'whole') {
    const whole = { status: 200, headers: { ...headers, 'content-length': `${size}` } } as const;
    return method === 'GET' ? { ...whole, body: { offset: 0, length: size } } : whole;
  }
  const { offset, length } = part;
  const range = `bytes ${offset}-${offset + length - 1}/${size}`;
  return {
    status: 206,
    headers: { ...headers, 'content-length': `${length}`, 'content-range': range },
    body: part,
  };
}

/**
 * If-Range lets the range count only for the very same bytes, so only a strong tag will do (RFC
 * 9110 §13.1.5). A date never does: a file can change twice in a second.
 */
function partOf(
  request: Single,
  size: number,
  validators: Validators,
): Part | 'whole' | 'unsatisfiable' {
  const condition = request['if-range'];
  if (request.range === undefined) return 'whole';
  if (condition !== undefined && !matchesStrongly(condition, validators.etag)) return 'whole';
  return selectPart(request.range, size);
}
