const get = (target: string, ...headers: string[]) =>
  [`GET ${target} HTTP/1.1`, 'host: h', ...headers, '', ''].join('\r\n');

const chunked = (target: string) => get(target, 'transfer-encoding: chunked');

/** Bytes that two parsers may cut in different places. */
export const SMUGGLING: Readonly<Record<string, string>> = {
  'a body that looks like a request': get('/a', `content-length: ${get('/b').length}`) + get('/b'),
  'chunks, then a request': `${chunked('/a')}0\r\n\r\n${get('/b')}`,
  'both lengths': `${get('/a', 'content-length: 6', 'transfer-encoding: chunked')}0\r\n\r\nX`,
  'two lengths': `${get('/a', 'content-length: 0', 'content-length: 5')}GET /`,
  'a length with a sign': get('/a', 'content-length: +0'),
  'space before the colon': get('/a', 'content-length : 5') + get('/b'),
  'a folded header': get('/a', 'x: y', ' content-length: 5') + get('/b'),
  'an odd coding': `${get('/a', 'transfer-encoding: xchunked')}0\r\n\r\n`,
  'a bare line feed': 'GET /a HTTP/1.1\nhost: h\n\n',
  'chunk extensions': `${chunked('/a')}1;a=b\r\nx\r\n0\r\n\r\n${get('/b')}`,
  'a bad chunk': `${chunked('/a')}zz\r\n`,
  'no host': 'GET /a HTTP/1.1\r\n\r\n',
  'HTTP/1.0': 'GET /a HTTP/1.0\r\n\r\n',
  'HTTP/1.0, kept': `GET /a HTTP/1.0\r\nconnection: keep-alive\r\n\r\n${get('/b')}`,
  'the last one': get('/a', 'connection: close') + get('/b'),
  'an expectation': get('/a', 'expect: 100-continue'),
  'an upgrade': get('/a', 'connection: upgrade', 'upgrade: websocket') + get('/b'),
  'three at once': get('/a') + get('/b') + get('/a'),
  'a HEAD between': get('/a') + get('/b').replace('GET', 'HEAD') + get('/a'),
};
