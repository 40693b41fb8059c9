import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInThisContext } from 'node:vm';
import * as sys from '../../../src/sys.js';
import { anonymous, isMapped, PAGE, transfer, whereMovable } from '../../helpers/mappings.js';

/** Makes the buffer one that V8 never detaches. */
function giveToAsm(buffer: ArrayBuffer): void {
  const source =
    '(function (stdlib, foreign, heap) { "use asm"; var bytes = new stdlib.Uint8Array(heap);' +
    ' function first() { return bytes[0] | 0 } return { first: first } })';
  const warn = process.emitWarning;
  process.emitWarning = () => {};
  runInThisContext(source)({ Uint8Array }, {}, buffer);
  process.emitWarning = warn;
}

test('MUN-09: a kept view has length 0 after munmap, and never reads the next mapping', () => {
  const views: Uint8Array[] = [];
  for (let round = 0; round < 50; round++) {
    const buffer = anonymous(PAGE);
    views.push(new Uint8Array(buffer).fill(1 + round));
    sys.munmap(buffer);
  }
  const next = Array.from({ length: 50 }, () => anonymous(PAGE));
  for (const buffer of next) new Uint8Array(buffer).fill(0xee);
  for (const view of views) {
    assert.equal(view.length, 0);
    assert.equal(view[0], undefined);
    view[0] = 9;
  }
  assert.throws(() => new DataView(views[0]?.buffer as ArrayBuffer), TypeError);
  for (const buffer of next) {
    assert.ok(new Uint8Array(buffer).every((byte) => byte === 0xee));
    sys.munmap(buffer);
  }
});

whereMovable('munmap: after transfer() nothing is unmapped under the new buffer', () => {
  const old = anonymous(PAGE);
  const address = sys.addressOf(old);
  const moved = transfer(old);
  new Uint8Array(moved)[0] = 5;
  assert.throws(() => sys.munmap(old), { code: 'ERR_SLUICE_MAPPING', message: /transfer/ });
  assert.throws(() => sys.mremap(old, 2 * PAGE, 0), { code: 'ERR_SLUICE_MAPPING' });
  assert.throws(() => sys.munmap(moved), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.equal(new Uint8Array(moved)[0], 5);
  isMapped(address);
});

test('munmap: structuredClone and postMessage leave the mapping where it is', () => {
  const buffer = anonymous(PAGE);
  new Uint8Array(buffer)[0] = 5;
  const { port1, port2 } = new MessageChannel();
  for (const send of [
    () => structuredClone(buffer, { transfer: [buffer] }),
    () => port1.postMessage(buffer, [buffer]),
  ]) {
    try {
      send();
    } catch (error) {
      assert.equal((error as Error).name, 'DataCloneError');
    }
  }
  port2.close();
  assert.equal(new Uint8Array(buffer)[0], 5);
  sys.munmap(buffer);
  assert.equal(buffer.byteLength, 0);
});

test('munmap: a buffer that asm.js has stays mapped, because it cannot be detached', () => {
  const buffer = anonymous(65536);
  giveToAsm(buffer);
  assert.throws(() => sys.munmap(buffer), { code: 'ERR_SLUICE_MAPPING', message: /asm\.js/ });
  assert.equal(new Uint8Array(buffer)[65535], 0);
});

test('mremap: never leaves a buffer over memory that moved away', () => {
  const buffer = anonymous(65536);
  giveToAsm(buffer);
  const grow = () => sys.mremap(buffer, 1 << 26, sys.MREMAP_MAYMOVE);
  assert.throws(grow, { code: 'ERR_SLUICE_MAPPING', message: /asm\.js/ });
  assert.equal(new Uint8Array(buffer)[65535], 0);
  assert.throws(() => sys.munmap(buffer), { code: 'ERR_SLUICE_CLOSED' });
});
