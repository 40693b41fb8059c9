import assert from 'node:assert/strict';
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../../src/kernel/ip.js';

const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
/** Many zeros: the runs are what is hard. */
const ipv6 = fc
  .array(fc.oneof(fc.constant([0, 0]), fc.tuple(fc.nat(255), fc.nat(255))), {
    minLength: 8,
    maxLength: 8,
  })
  .map((groups) => Uint8Array.from(groups.flat()));
const token = fc.constantFrom(
  '.',
  ':',
  '::',
  '0',
  '00',
  '1',
  '255',
  '256',
  'f',
  'FFFF',
  '10000',
  ' ',
  '1.2.3.4',
);
const almost = fc.array(token, { maxLength: 17 }).map((tokens) => tokens.join(''));
const colons = fc
  .array(fc.constantFrom('', '0', 'a', '1234', '12345', '1.2.3.4'), { maxLength: 10 })
  .map((groups) => groups.join(':'));

test('parseIpv4() takes exactly what Node takes', () => {
  fc.assert(
    fc.property(fc.oneof(almost, fc.ipV4(), fc.ipV4Extended()), (text) => {
      assert.equal(parseIpv4(text) !== undefined, isIPv4(text), text);
    }),
  );
});

test('parseIpv6() takes exactly what Node takes', () => {
  fc.assert(
    fc.property(fc.oneof(almost, colons, fc.ipV6()), (text) => {
      assert.equal(parseIpv6(text) !== undefined, isIPv6(text), text);
    }),
    { numRuns: 1000 },
  );
});

test('formatIpv4() is read back as the same bytes', () => {
  fc.assert(fc.property(ipv4, (bytes) => assert.deepEqual(parseIpv4(formatIpv4(bytes)), bytes)));
});

test('formatIpv6() is read back as the same bytes', () => {
  fc.assert(
    fc.property(ipv6, (bytes) => assert.deepEqual(parseIpv6(formatIpv6(bytes)), bytes)),
    { numRuns: 500 },
  );
});

test('parseIpv6() reads any way of writing an address as Node does', () => {
  const read = (text: string) => {
    const { address } = new SocketAddress({ family: 'ipv6', address: text });
    return parseIpv6(address);
  };
  fc.assert(fc.property(fc.ipV6(), (text) => assert.deepEqual(parseIpv6(text), read(text))));
});

const CANONICAL = [
  '::',
  '::1',
  '1::',
  '::ffff:127.0.0.1',
  '2001:db8::1',
  '2001:db8:0:1:1:1:1:1',
  '2001:0:0:1::1',
  '2001:db8::1:0:0:1',
  'fe80::1ff:fe23:4567:890a',
  '1:2:3:4:5:6:7:8',
  '::2:3:4:5:6:7:8'.replace('::', '0:'),
];
for (const text of CANONICAL) {
  test(`formatIpv6() writes ${text} as RFC 5952 does`, () => {
    assert.equal(formatIpv6(parseIpv6(text) as Uint8Array), text);
  });
}

const REFUSED = [
  '',
  ':',
  ':::',
  '1:2:3:4:5:6:7',
  '1::2::3',
  '1:2:3:4:5:6:7::8:9',
  '1:2:3:4::5:6:7:8',
  '::1:2:3:4:5:6:7:8',
  '::1%lo',
  '::1.2.3',
  '[::1]',
];
for (const text of REFUSED) {
  test(`parseIpv6() refuses '${text}'`, () => assert.equal(parseIpv6(text), undefined));
}
