import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EndpointError, parseEndpoint, parseHost, parsePort } from '../../src/cli/endpoint.js';

const tcp = (host: string, port: number, listen = false) => ({ kind: 'tcp', host, port, listen });

const READ: readonly [string, object][] = [
  ['-', { kind: 'standard' }],
  ['file', { kind: 'path', path: 'file' }],
  ['./-', { kind: 'path', path: './-' }],
  ['./tcp:x:1', { kind: 'path', path: './tcp:x:1' }],
  ['tcp', { kind: 'path', path: 'tcp' }],
  ['udp:host:1', { kind: 'path', path: 'udp:host:1' }],
  ['C:\\x', { kind: 'path', path: 'C:\\x' }],
  ['tcp:localhost:80', tcp('localhost', 80)],
  ['tcp:127.0.0.1:65535', tcp('127.0.0.1', 65535)],
  ['tcp:[::1]:80', tcp('::1', 80)],
  ['tcp:[fe80::1%eth0]:1', tcp('fe80::1%eth0', 1)],
  ['tcp-listen:0.0.0.0:0', tcp('0.0.0.0', 0, true)],
  ['tcp-listen:[::]:8080', tcp('::', 8080, true)],
  ['unix:/run/x.sock', { kind: 'unix', path: '/run/x.sock', listen: false }],
  ['unix:a:b', { kind: 'unix', path: 'a:b', listen: false }],
  ['unix-listen:x', { kind: 'unix', path: 'x', listen: true }],
];

for (const [text, endpoint] of READ) {
  test(`parseEndpoint() reads ${text}`, () => assert.deepEqual(parseEndpoint(text), endpoint));
}

const REFUSED: readonly [string, RegExp][] = [
  ['', /empty/],
  ['tcp:', /not tcp:HOST:PORT/],
  ['tcp:localhost', /not tcp:HOST:PORT/],
  ['tcp::80', /no host/],
  ['tcp:[]:80', /no host/],
  ['tcp:::1:80', /IPv6 address goes in brackets/],
  ['tcp:[::1]', /not tcp:HOST:PORT/],
  ['tcp:host:', /no port/],
  ['tcp:host:0', /from 1 to 65535/],
  ['tcp:host:65536', /from 1 to 65535/],
  ['tcp:host:-1', /no port/],
  ['tcp:host:1e3', /no port/],
  ['tcp:host: 80', /no port/],
  ['tcp:host:http', /no port/],
  ['tcp-listen:host:65536', /from 0 to 65535/],
  ['unix:', /no path/],
  ['unix-listen:', /no path/],
];

for (const [text, message] of REFUSED) {
  test(`parseEndpoint() refuses '${text}'`, () => {
    assert.throws(
      () => parseEndpoint(text),
      (error) => error instanceof EndpointError && message.test(error.message),
    );
  });
}

test('parsePort() takes decimal digits only', () => {
  assert.equal(parsePort('0', 0), 0);
  assert.equal(parsePort('08080', 0), 8080);
  for (const text of ['', '+1', '0x50', '1.0', '1 ', '１']) {
    assert.throws(() => parsePort(text, 0), EndpointError);
  }
});

test('parseEndpoint() of who listens: port 0 is a free one', () => {
  assert.deepEqual(parseEndpoint('tcp:[::1]:0', true), tcp('::1', 0, true));
  assert.deepEqual(parseEndpoint('unix:x', true), { kind: 'unix', path: 'x', listen: true });
});

test('parseHost() takes an IPv6 address with and without brackets', () => {
  for (const [text, host] of [
    ['[::1]', '::1'],
    ['::1', '::1'],
    ['[fe80::1%eth0]', 'fe80::1%eth0'],
    ['::ffff:127.0.0.1', '::ffff:127.0.0.1'],
    ['127.0.0.1', '127.0.0.1'],
    ['localhost', 'localhost'],
  ] as const) {
    assert.equal(parseHost(text), host);
  }
  for (const text of ['', '[]', '[::1', '::1]', '[127.0.0.1]', 'a:80', '127.0.0.1:80', '[[::1]]']) {
    assert.throws(() => parseHost(text), EndpointError, text);
  }
});
