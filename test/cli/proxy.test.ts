import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeHeader } from '../../src/cli/relay/proxy.js';
import { string } from '../helpers/claims.js';

const V4 = { family: 'inet', address: '192.0.2.1', port: 1025 } as const;
const V4_HERE = { family: 'inet', address: '127.0.0.1', port: 443 } as const;
const V6 = { family: 'inet6', address: '2001:db8::1', port: 1025 } as const;
const V6_HERE = { family: 'inet6', address: '::1', port: 443 } as const;
const UNIX = { family: 'unix' } as const;

test('PROXY v1 is a line of text', () => {
  const line = (
    ...pair: Parameters<typeof encodeHeader> extends [unknown, ...infer R] ? R : never
  ) => string(encodeHeader('v1', ...pair));
  assert.equal(line(V4, V4_HERE), 'PROXY TCP4 192.0.2.1 127.0.0.1 1025 443\r\n');
  assert.equal(line(V6, V6_HERE), 'PROXY TCP6 2001:db8::1 ::1 1025 443\r\n');
  assert.equal(line(UNIX, UNIX), 'PROXY UNKNOWN\r\n');
});

test('PROXY v2 is bytes: signature, version, family, length, addresses, ports', () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const start = '0d0a0d0a000d0a515549540a21';
  assert.equal(hex(encodeHeader('v2', V4, V4_HERE)), `${start}11000cc00002017f000001040101bb`);
  const six = `20010db8${'0'.repeat(23)}1${'0'.repeat(31)}1`;
  assert.equal(hex(encodeHeader('v2', V6, V6_HERE)), `${start}210024${six}040101bb`);
  assert.equal(hex(encodeHeader('v2', UNIX, UNIX)), `${start}000000`);
});
