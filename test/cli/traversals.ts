/** Targets that must lead nowhere, by the reports that taught them. */
export interface Traversal {
  readonly id: string;
  readonly target: string;
  readonly status: 400 | 404;
}

const row = (id: string, status: 400 | 404, ...targets: string[]): Traversal[] =>
  targets.map((target) => ({ id, target, status }));

export const TRAVERSALS: readonly Traversal[] = [
  ...row('dots', 404, '/..', '/../secret', '/sub/../../secret', '/sub/..', '/./a.txt', '/sub/./a'),
  ...row(
    'encoded dots',
    404,
    '/%2e%2e/secret',
    '/%2E./secret',
    '/.%2e/secret',
    '/sub/%2e%2e/a.txt',
  ),
  ...row('CVE-2026-6414 encoded slash', 400, '/sub%2fa.txt', '/sub%2Fa.txt', '/..%2fsecret'),
  ...row('CVE-2026-6414 encoded slash', 400, '/%2e%2e%2fsecret', '/%2f', '/a.txt%2f'),
  ...row('CVE-2026-29087 encoded slash before a guarded folder', 400, '/sub%2F..%2Fsecret'),
  ...row('CVE-2026-39406 repeated slashes', 404, '//sub/a.txt', '/sub//a.txt', '//', '/sub//'),
  ...row('GHSA-wwfh-h76j-fc44 encoded backslash', 400, '/sub%5Ca.txt', '/..%5csecret', '/%5c'),
  ...row('backslash', 400, '/sub\\a.txt', '/..\\secret', '/\\evil.example'),
  ...row('CVE-2025-58751 sibling with the same prefix', 404, '/../root-secret/key', '/..root/key'),
  ...row('CVE-2023-29159 sibling by common prefix', 404, '/%2e%2e/root-secret/key'),
  ...row('CVE-2014-6394 sibling', 404, '/..%25/x', '/../root'),
  ...row('CVE-2025-11965 hidden folders', 404, '/.git/config', '/sub/.hidden/a', '/%2egit/config'),
  ...row('CVE-2018-3718 hidden by encoding', 404, '/%2Ehid', '/.hid', '/sub/%2ehid'),
  ...row('CVE-2017-16224 host and dots', 404, '//evil.example/%2e%2e', '//evil.example/..'),
  ...row('CVE-2021-28861 two slashes', 404, '//evil.example/', '///evil.example/', '//sub'),
  ...row('CVE-2015-1164 open redirect', 404, '//evil.example/sub', '//evil.example/%2e%2e/sub'),
  ...row('CVE-2013-4547 NUL', 400, '/a.txt%00', '/a.txt%00.html', '/a.txt%20%00.php'),
  ...row('control characters', 400, '/a%0d%0ax', '/%1b[31m', '/a%7f', '/%09'),
  ...row('overlong UTF-8', 400, '/%c0%ae%c0%ae/secret', '/%c0%af', '/%e0%80%af'),
  ...row('not UTF-8', 400, '/%ff', '/%c3', '/%ed%a0%80'),
  ...row('bad escapes', 400, '/%', '/%2', '/%zz', '/a%u002e', '/%%32%65'),
  ...row('no path', 400, '*', '', 'a.txt', 'ftp://h/a.txt', 'host:80', 'http:///a.txt'),
  ...row('fragment', 400, '/a.txt#x'),
  ...row('decoded twice', 404, '/..%252fsecret'),
];
