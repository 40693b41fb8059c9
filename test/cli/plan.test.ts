import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDate, parseDate } from '../../src/cli/serve/dates.js';
import { type Entity, type Plan, plan } from '../../src/cli/serve/plan.js';

const MODIFIED = Date.UTC(1994, 10, 6, 8, 49, 37);
const NOW = Date.UTC(2026, 0, 1);

const nanoseconds = (ms: number) => BigInt(ms) * 1_000_000n;

const entity = (changes: Partial<Entity> = {}): Entity => ({
  type: 'text/plain;charset=utf-8',
  size: 100,
  inode: 7n,
  modifiedNs: nanoseconds(MODIFIED),
  changedNs: nanoseconds(MODIFIED),
  ...changes,
});

const get = (headers: Record<string, string> = {}, file = entity()): Plan =>
  plan('GET', headers, file, NOW);

const TAG = get().headers.etag as string;
const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';
const LATER = 'Sun, 06 Nov 1994 08:49:38 GMT';
const EARLIER = 'Sun, 06 Nov 1994 08:49:36 GMT';

test('plan() of a GET is the whole file', () => {
  assert.deepEqual(get(), {
    status: 200,
    headers: {
      'content-type': 'text/plain;charset=utf-8',
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      etag: TAG,
      'last-modified': DATE,
      'content-length': '100',
    },
    body: { offset: 0, length: 100 },
  });
});

test('plan() of a HEAD is the same without a body, and knows no ranges', () => {
  const { body, ...head } = get();
  assert.ok(body);
  assert.deepEqual(plan('HEAD', { range: 'bytes=0-1' }, entity(), NOW), head);
});

test('plan() of a range names it', () => {
  const { status, headers, body } = get({ range: 'bytes=10-19' });
  assert.equal(status, 206);
  assert.equal(headers['content-range'], 'bytes 10-19/100');
  assert.equal(headers['content-length'], '10');
  assert.deepEqual(body, { offset: 10, length: 10 });
});

test('plan() of what is not there is 416 with the size', () => {
  const { status, headers, body } = get({ range: 'bytes=100-' });
  assert.equal(status, 416);
  assert.equal(headers['content-range'], 'bytes */100');
  assert.equal(headers['content-length'], '0');
  assert.equal(body, undefined);
});

const CONDITIONS: readonly [string, Record<string, string>, number][] = [
  ['the tag it has', { 'if-none-match': TAG }, 304],
  ['the tag as a weak one', { 'if-none-match': `W/${TAG}` }, 304],
  ['the tag in a list', { 'if-none-match': `"a", ${TAG} , "b"` }, 304],
  ['a list without it', { 'if-none-match': '"a", "b"' }, 200],
  ['a tag without its quotes', { 'if-none-match': TAG.slice(1, -1) }, 200],
  ['any tag', { 'if-none-match': '*' }, 304],
  ['any tag, with space', { 'if-none-match': ' * ' }, 304],
  ['the tag, but to be asked anew', { 'if-none-match': TAG, 'cache-control': 'no-cache' }, 200],
  ['the date it has', { 'if-modified-since': DATE }, 304],
  ['a later date', { 'if-modified-since': LATER }, 304],
  ['an earlier date', { 'if-modified-since': EARLIER }, 200],
  ['a date in the future', { 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' }, 304],
  ['the date of RFC 850', { 'if-modified-since': 'Sunday, 06-Nov-94 08:49:37 GMT' }, 304],
  ['the date of asctime', { 'if-modified-since': 'Sun Nov  6 08:49:37 1994' }, 304],
  ['what is no date of HTTP', { 'if-modified-since': '2030' }, 200],
  ['an ISO date', { 'if-modified-since': '2030-01-01T00:00:00Z' }, 200],
  ['another tag and the date', { 'if-none-match': '"a"', 'if-modified-since': DATE }, 200],
  ['the tag and an old date', { 'if-none-match': TAG, 'if-modified-since': EARLIER }, 304],
  ['if it matches', { 'if-match': TAG }, 200],
  ['if any matches', { 'if-match': '*' }, 200],
  ['if one of a list matches', { 'if-match': `"a",${TAG}` }, 200],
  ['if another matches', { 'if-match': '"a"' }, 412],
  ['if it matches weakly', { 'if-match': `W/${TAG}` }, 412],
  ['if unchanged since its date', { 'if-unmodified-since': DATE }, 200],
  ['if unchanged since earlier', { 'if-unmodified-since': EARLIER }, 412],
  ['if unchanged since no date', { 'if-unmodified-since': 'yesterday' }, 200],
  ['if it matches, the date aside', { 'if-match': TAG, 'if-unmodified-since': EARLIER }, 200],
  ['if another matches, first of all', { 'if-match': '"a"', 'if-none-match': TAG }, 412],
  ['a range', { range: 'bytes=0-1' }, 206],
  ['a range of the tag', { range: 'bytes=0-1', 'if-range': TAG }, 206],
  ['a range of the weak tag', { range: 'bytes=0-1', 'if-range': `W/${TAG}` }, 200],
  ['a range of another', { range: 'bytes=0-1', 'if-range': '"a"' }, 200],
  ['a range of the date', { range: 'bytes=0-1', 'if-range': DATE }, 200],
  ['no range, of another', { 'if-range': '"a"' }, 200],
  ['a range that is not there, of another', { range: 'bytes=100-', 'if-range': '"a"' }, 200],
  ['the tag and a range', { 'if-none-match': TAG, range: 'bytes=100-' }, 304],
];

for (const [what, headers, status] of CONDITIONS) {
  test(`H7: asked for ${what}: ${status}`, () => assert.equal(get(headers).status, status));
}

test('H7: a 304 carries its validators and no length', () => {
  const { headers, body } = get({ 'if-none-match': TAG });
  assert.deepEqual(headers, { etag: TAG, 'last-modified': DATE });
  assert.equal(body, undefined);
});

test('H7: the tag changes with inode, size, and either time by a nanosecond', () => {
  const changes: Partial<Entity>[] = [
    {},
    { inode: 8n },
    { size: 101 },
    { modifiedNs: nanoseconds(MODIFIED) + 1n },
    { changedNs: nanoseconds(MODIFIED) + 1n },
  ];
  const tags = changes.map((change) => get({}, entity(change)).headers.etag);
  assert.equal(new Set(tags).size, changes.length);
});

test('H7: right after a change the tag is weak, and no range relies on it', () => {
  const fresh = entity({ changedNs: nanoseconds(NOW - 10) });
  const { headers } = get({}, fresh);
  assert.match(headers.etag as string, /^W\//);
  const range = { range: 'bytes=0-1', 'if-range': headers.etag as string };
  assert.equal(get(range, fresh).status, 200);
  assert.equal(get({ 'if-none-match': headers.etag as string }, fresh).status, 304);
  assert.equal(get({ 'if-match': headers.etag as string }, fresh).status, 412);
});

test('H7: a file from the future was modified now at the latest', () => {
  const ahead = entity({ modifiedNs: nanoseconds(NOW + 1e9) });
  assert.equal(get({}, ahead).headers['last-modified'], formatDate(NOW));
});

test('parseDate() reads the three forms and no other', () => {
  const century = (text: string) => new Date(parseDate(text, NOW) ?? 0).getUTCFullYear();
  assert.equal(parseDate(DATE, NOW), MODIFIED);
  assert.equal(century('Sunday, 06-Nov-76 08:49:37 GMT'), 2076);
  assert.equal(century('Sunday, 06-Nov-77 08:49:37 GMT'), 1977);
  assert.equal(parseDate('Sat, 31 Dec 2016 23:59:60 GMT', NOW), Date.UTC(2016, 11, 31, 23, 59, 59));
  const none = [
    '',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 06 nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    ' Sun, 06 Nov 1994 08:49:37 GMT',
  ];
  for (const text of none) assert.equal(parseDate(text, NOW), undefined, text);
});
