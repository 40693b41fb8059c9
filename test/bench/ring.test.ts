import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { check, messagesOf } from '../../bench/ring-messages.js';

const run = promisify(execFile);
const CONTENDER = fileURLToPath(new URL('../../bench/ring-contender.js', import.meta.url));

test('ring messages: neighbours have no word in common, and text is the same as bytes', () => {
  const messages = messagesOf(96);
  const words = (index: number) => messages.text(index).match(/.{8}/g) as string[];
  for (let index = 0; index < 1000; index++) {
    const next = new Set(words(index + 1));
    assert.ok(words(index).every((word) => !next.has(word)));
    assert.equal(Buffer.from(messages.bytes(index)).toString(), messages.text(index));
  }
});

test('ring messages: one that is cut, changed or another is refused', () => {
  const { bytes } = messagesOf(100);
  const changed = Uint8Array.from(bytes(5));
  changed[99] = 0;
  for (const wrong of [changed, bytes(6), bytes(5).subarray(1)]) {
    assert.throws(() => check(wrong, bytes(5)), /not what was sent/);
  }
  assert.doesNotThrow(() => check(Uint8Array.from(bytes(5)), bytes(5)));
});

const WAYS = {
  stream: ['ring', 'each', 'place', 'json', 'advanced'],
  trip: ['ring', 'sleep', 'spin', 'unix', 'tcp', 'advanced'],
};

for (const [task, ways] of Object.entries(WAYS)) {
  test(`ring contenders: every way of a ${task} comes to an end with a figure`, async () => {
    for (const way of ways) {
      const { stdout } = await run(process.execPath, [CONTENDER, task, way, '300', '100']);
      assert.ok(Number(stdout) > 0, `${way}: ${stdout}`);
    }
  });
}
