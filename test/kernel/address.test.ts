import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeAddress, encodeAddress, type SocketAddress } from '../../src/kernel/address.js';

const port = fc.nat(0xffff);
const nonzero = fc.integer({ min: 1, max: 0xffffffff });
const inet = fc.record({
  family: fc.constant('inet' as const),
  address: fc.ipV4(),
  port,
});
const inet6 = fc.record(
  {
    family: fc.constant('inet6' as const),
    address: fc.constantFrom('::', '::1', 'fe80::1', '::ffff:10.0.0.1', '2001:db8::1'),
    port,
    flowinfo: nonzero,
    scope: nonzero,
  },
  { requiredKeys: ['family', 'address', 'port'], noNullPrototype: true },
);
const characters = fc.constantFrom('a', '/', 'é', '\u{1f600}', '\ufeff');
const name = fc.string({ unit: characters, minLength: 1, maxLength: 26 });
const notUtf8 = fc
  .array(fc.integer({ min: 0x80, max: 0xbf }), { minLength: 1, maxLength: 107 })
  .map((bytes) => Uint8Array.from(bytes));
const unix = fc.oneof(
  fc.oneof(name, notUtf8).map((path) => ({ family: 'unix' as const, path })),
  fc.oneof(name, notUtf8).map((abstract) => ({ family: 'unix' as const, abstract })),
  fc.constant({ family: 'unix' as const }),
);

test('decodeAddress() gives back what encodeAddress() took, with and without padding', () => {
  fc.assert(
    fc.property(fc.oneof(inet, inet6, unix), (address) => {
      const bytes = encodeAddress(address);
      const padded = new Uint8Array(128);
      padded.set(bytes);
      assert.deepEqual(decodeAddress(bytes, bytes.length), { ...address });
      assert.deepEqual(decodeAddress(padded, bytes.length), { ...address });
      assert.deepEqual(decodeAddress(padded), { ...address });
    }),
  );
});

test('decodeAddress() takes any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 128 }), fc.option(fc.nat(200)), (bytes, length) => {
      const address = decodeAddress(bytes, length ?? undefined);
      if (address.family === 'other') assert.ok(encodeAddress(address).length <= bytes.length);
    }),
  );
});

test('encodeAddress() writes the bytes of the C structures', () => {
  const hex = (address: SocketAddress) => Buffer.from(encodeAddress(address)).toString('hex');
  assert.equal(
    hex({ family: 'inet', address: '127.0.0.1', port: 0x1234 }),
    '020012347f0000010000000000000000',
  );
  assert.equal(
    hex({ family: 'inet6', address: '::1', port: 80, flowinfo: 1, scope: 2 }),
    '0a00005000000001000000000000000000000000000000010200' + '0000',
  );
  assert.equal(hex({ family: 'unix', path: '/a' }), '01002f6100');
  assert.equal(hex({ family: 'unix', abstract: 'a' }), '01000061');
  assert.equal(hex({ family: 'unix' }), '0100');
});

test('an abstract name keeps its NULs where the length is known', () => {
  const address: SocketAddress = { family: 'unix', abstract: 'a\0b\0' };
  const bytes = encodeAddress(address);
  assert.deepEqual(decodeAddress(bytes, bytes.length), address);
  assert.deepEqual(decodeAddress(bytes), { family: 'unix', abstract: 'a\0b' });
});

test('a path that fills all 108 bytes of sun_path is read without its NUL', () => {
  const bytes = Buffer.concat([Uint8Array.of(1, 0), Buffer.alloc(108, 'p')]);
  assert.deepEqual(decodeAddress(bytes, 111), { family: 'unix', path: 'p'.repeat(108) });
});

const inetWith = (more: object) => ({ family: 'inet', address: '127.0.0.1', port: 1, ...more });
const MISTAKES: [string, unknown, string, RegExp][] = [
  ['no object', 'tcp:1', 'ERR_INVALID_ARG_TYPE', /"peer"/],
  ['null', null, 'ERR_INVALID_ARG_TYPE', /"peer"/],
  ['an unknown family', { family: 'ipx' }, 'ERR_OUT_OF_RANGE', /"peer\.family"/],
  ['no port', inetWith({ port: undefined }), 'ERR_INVALID_ARG_TYPE', /"peer\.port"/],
  ['a port above 65535', inetWith({ port: 65536 }), 'ERR_OUT_OF_RANGE', /"peer\.port"/],
  ['a host name', inetWith({ address: 'localhost' }), 'ERR_OUT_OF_RANGE', /"peer\.address"/],
  ['a number for an address', inetWith({ address: 1 }), 'ERR_INVALID_ARG_TYPE', /"peer\.address"/],
  ['IPv6 as inet', inetWith({ address: '::1' }), 'ERR_OUT_OF_RANGE', /IPv4 address/],
  ['IPv4 as inet6', inetWith({ family: 'inet6' }), 'ERR_OUT_OF_RANGE', /IPv6 address/],
  [
    'a path of 108 bytes',
    { family: 'unix', path: 'é'.repeat(54) },
    'ERR_OUT_OF_RANGE',
    /107 bytes/,
  ],
  ['a path with a NUL', { family: 'unix', path: 'a\0b' }, 'ERR_OUT_OF_RANGE', /"peer\.path".*NUL/],
  ['an empty path', { family: 'unix', path: '' }, 'ERR_OUT_OF_RANGE', /"peer\.path"/],
  ['two names', { family: 'unix', path: 'a', abstract: 'b' }, 'ERR_INVALID_ARG_TYPE', /either/],
  ['other without bytes', { family: 'other' }, 'ERR_INVALID_ARG_TYPE', /"peer\.bytes"/],
  ['other, too long', { family: 'other', bytes: new Uint8Array(129) }, 'ERR_OUT_OF_RANGE', /128/],
];
for (const [what, value, code, message] of MISTAKES) {
  test(`encodeAddress() refuses ${what}`, () => {
    const encode = () => encodeAddress(value as SocketAddress, 'peer');
    assert.throws(encode, { code, message });
  });
}
