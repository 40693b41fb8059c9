import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Lookup } from '../../src/cli/serve/root.js';
import * as e from '../../src/kernel/errno.js';
import { linuxRuntime } from '../../src/node/runtime.js';
import { Client, type Reply } from './client.js';
import { makeFolder, type SiteOptions, sameTurn, startSite, withCalls } from './site.js';
import { TRAVERSALS } from './traversals.js';

async function start(t: TestContext, files: Record<string, string>, options: SiteOptions = {}) {
  const folder = makeFolder(t, files);
  const site = await startSite(t, join(folder, 'root'), options);
  const client = await Client.connect(site.port);
  t.after(() => client.close());
  const ask = (method: string, target: string, headers: Record<string, string> = {}) =>
    client.ask(method, target, headers).reply(method);
  return { ...site, folder, client, ask };
}

const FILES = {
  'root/index.html': '<p>home',
  'root/a.txt': '0123456789',
  'root/sub/index.html': '<p>sub',
  'root/bare/x.unknown': 'x',
  'root/.hid': 'hidden',
  'root/.git/config': 'hidden',
  'root/sub/.hidden/a': 'hidden',
  'root-secret/key': 'outside',
  secret: 'outside',
};

const text = ({ body }: Reply) => body.toString();

test('serve: files, types, folders and their index', async (t) => {
  const { ask } = await start(t, FILES);
  const home = await ask('GET', '/');
  assert.equal(text(home), '<p>home');
  assert.equal(home.headers.get('content-type'), 'text/html;charset=utf-8');
  assert.equal(home.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(text(await ask('GET', '/a.txt?x=1')), '0123456789');
  assert.equal(text(await ask('GET', 'http://h/a.txt')), '0123456789');
  const unknown = await ask('GET', '/bare/x.unknown');
  assert.equal(unknown.headers.get('content-type'), 'application/octet-stream');
  assert.equal((await ask('GET', '/bare/')).status, 404);
  assert.equal((await ask('GET', '/a.txt/')).status, 404);
});

test('serve: a folder without its slash is sent to the one with it', async (t) => {
  const { ask } = await start(t, FILES);
  const reply = await ask('GET', '/sub?a=//b');
  assert.equal(reply.status, 301);
  assert.equal(reply.headers.get('location'), '/sub/?a=//b');
  assert.equal(text(await ask('GET', '/sub/')), '<p>sub');
});

test('serve: HEAD tells what GET would, without a body', async (t) => {
  const { ask } = await start(t, FILES);
  const get = await ask('GET', '/a.txt');
  const head = await ask('HEAD', '/a.txt');
  for (const name of ['content-length', 'content-type', 'etag', 'last-modified']) {
    assert.equal(head.headers.get(name), get.headers.get(name), name);
  }
  assert.equal(text(await ask('GET', '/a.txt')), '0123456789');
});

test('serve: other methods are 405 with what is allowed', async (t) => {
  const { ask } = await start(t, FILES);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND']) {
    const reply = await ask(method, '/a.txt', { 'content-length': '0' });
    assert.equal(reply.status, 405, method);
    assert.equal(reply.headers.get('allow'), 'GET, HEAD');
  }
});

test('serve: ranges and conditions over the wire', async (t) => {
  const { ask } = await start(t, FILES);
  const part = await ask('GET', '/a.txt', { range: 'bytes=-3' });
  assert.deepEqual([part.status, text(part)], [206, '789']);
  assert.equal(part.headers.get('content-range'), 'bytes 7-9/10');
  const none = await ask('GET', '/a.txt', { range: 'bytes=10-' });
  assert.deepEqual([none.status, none.headers.get('content-range')], [416, 'bytes */10']);
  const several = await ask('GET', '/a.txt', { range: 'bytes=0-0,9-9' });
  assert.deepEqual([several.status, text(several)], [200, '0123456789']);
  const tag = part.headers.get('etag') as string;
  const unchanged = await ask('GET', '/a.txt', { 'if-none-match': tag });
  assert.deepEqual([unchanged.status, text(unchanged)], [304, '']);
  const repeated = 'range: bytes=0-1\r\nrange: bytes=2-3\r\n';
  const { client } = await start(t, FILES);
  const twice = await client.send(`GET /a.txt HTTP/1.1\r\nhost: h\r\n${repeated}\r\n`).reply();
  assert.equal(twice.status, 200);
});

test('H2: a FIFO, a socket and a device are 404 at once', async (t) => {
  const { ask, folder } = await start(t, FILES);
  execFileSync('mkfifo', [join(folder, 'root/fifo')]);
  const socket = createServer().listen(join(folder, 'root/socket'));
  t.after(() => socket.close());
  await once(socket, 'listening');
  for (const name of ['fifo', 'socket']) assert.equal((await ask('GET', `/${name}`)).status, 404);
  assert.equal(text(await ask('GET', '/a.txt')), '0123456789');
});

const root = process.getuid?.() === 0 ? false : 'needs root';

test('H2: a device is 404, whatever it would do', { skip: root }, async (t) => {
  const { ask, folder } = await start(t, FILES);
  execFileSync('mknod', [join(folder, 'root/zero'), 'c', '1', '5']);
  assert.equal((await ask('GET', '/zero')).status, 404);
});

test('H3: a hundred thousand ranges cost no more than the file', async (t) => {
  const { client, ask } = await start(t, FILES, { server: { maxHeaderSize: 1 << 20 } });
  const many = Array.from({ length: 100_000 }, (_, index) => `${index}-`).join(',');
  const reply = await ask('GET', '/a.txt', { range: `bytes=${many}` });
  assert.deepEqual([reply.status, text(reply)], [200, '0123456789']);
  assert.ok(client.socket.bytesRead < 10 + 4096);
});

test('H3: and with the header limit of Node they are not even read', async (t) => {
  const { ask } = await start(t, FILES);
  const reply = await ask('GET', '/a.txt', { range: `bytes=${'0-,'.repeat(33_333)}0-` });
  assert.equal(reply.status, 431);
});

const LOOKUPS: readonly Lookup[] = ['openat2', 'walk'];

for (const lookup of LOOKUPS) {
  test(`H5 H1c: the corpus of traversals by ${lookup} leads nowhere`, async (t) => {
    const { client } = await start(t, FILES, { lookup });
    const sendable = TRAVERSALS.filter(
      ({ target }) => target !== '' && !/^(a\.|host)/.test(target),
    );
    for (const { target, status } of sendable) {
      const reply = await client.ask('GET', target).reply();
      assert.equal(reply.status, status, target);
      assert.doesNotMatch(text(reply), /outside|hidden/);
      assert.equal(reply.headers.has('location'), false);
    }
  });

  test(`H1 H1b: links that lead out are 404 by ${lookup}, as if nothing was there`, async (t) => {
    const { ask, folder } = await start(t, FILES, { lookup });
    symlinkSync('../secret', join(folder, 'root/out'));
    symlinkSync('../none', join(folder, 'root/broken'));
    symlinkSync('loop', join(folder, 'root/loop'));
    symlinkSync('..', join(folder, 'root/up'));
    const replies: Reply[] = [];
    for (const name of ['out', 'broken', 'loop', 'up/secret', 'up', 'none']) {
      replies.push(await ask('GET', `/${name}`));
    }
    const told = replies.map((reply) => [reply.status, text(reply)]);
    assert.deepEqual(told, Array(6).fill([404, '404 Not Found\n']));
  });
}

test('H5 CVE-2025-69226: what may not be read looks as what is not there', async (t) => {
  const answers = new Map([
    ['denied', e.EACCES],
    ['out', e.EXDEV],
    ['none', e.ENOENT],
  ]);
  const kernel = linuxRuntime.kernel;
  const openat2 = (...parameters: Parameters<typeof kernel.openat2>) =>
    -(answers.get(parameters[1] as string) ?? 0) || kernel.openat2(...parameters);
  const runtime = sameTurn(withCalls({ openat2 }));
  const { ask } = await start(t, FILES, { runtime });
  for (const name of answers.keys()) {
    const reply = await ask('GET', `/${name}`);
    assert.deepEqual([reply.status, text(reply)], [404, '404 Not Found\n']);
  }
});

test('H6: CVE-2024-43799 a redirect shows nothing of what was asked', async (t) => {
  const { ask, folder } = await start(t, FILES);
  mkdirSync(join(folder, 'root/<img src="x" onerror=alert(1)>&'));
  const reply = await ask('GET', '/%3Cimg%20src=%22x%22%20onerror=alert(1)%3E&?"<script>');
  assert.equal(reply.status, 301);
  assert.match(reply.headers.get('location') as string, /^\/%3Cimg%20src%3D%22x%22%20onerror/);
  assert.equal(text(reply), '301 Moved Permanently\n');
  assert.match(reply.headers.get('content-type') as string, /^text\/plain/);
});

test('H6: a name with CR and LF splits no header', async (t) => {
  const { ask, folder } = await start(t, FILES);
  mkdirSync(join(folder, 'root/a\r\nset-cookie: x'));
  const reply = await ask('GET', '/a%0d%0aset-cookie:%20x');
  assert.deepEqual([reply.status, reply.headers.has('set-cookie')], [400, false]);
});

test('H6: names with quotes, ampersands and letters are served', async (t) => {
  const { ask, folder } = await start(t, FILES);
  for (const name of [`"'&.txt`, '<b>.txt', 'é.txt', '%2f.txt', '?#.txt', '日本.txt', 'a b.txt']) {
    writeFileSync(join(folder, 'root', name), name);
    assert.equal(text(await ask('GET', `/${encodeURIComponent(name)}`)), name);
  }
});

test('H6: a name that is no UTF-8 has no URL', async (t) => {
  const { ask, folder } = await start(t, FILES);
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/root/`), Buffer.of(0xff)]), 'x');
  assert.equal((await ask('GET', '/%ff')).status, 400);
});

test('serve: no descriptor to be had is 503, and reported nowhere else', async (t) => {
  const { kernel } = linuxRuntime;
  const openat2 = (...parameters: Parameters<typeof kernel.openat2>) =>
    parameters[1] === '.' ? kernel.openat2(...parameters) : -e.EMFILE;
  const offload = async () => -e.EMFILE;
  const { ask } = await start(t, FILES, { runtime: { ...withCalls({ openat2 }), offload } });
  assert.equal((await ask('GET', '/a.txt')).status, 503);
});
