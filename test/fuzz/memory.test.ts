import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_SANITIZERS, sanitized } from '../helpers/sanitizers.js';
import { outcome, STEADY_HEAP } from '../memory/child.js';

const PROGRAMS = [
  ['truncated'],
  ['raced', '1', '1'],
  ['large'],
  ['overtaken', 'write', '100'],
  ['overtaken', 'read', '100'],
  ['overtaken', 'crypt', '50'],
  ['cycles', 'close', '2000'],
  ['cycles', 'close after a fault', '2000'],
  ['cycles', 'drop', '2000'],
  ['cycles', 'mirror', '1000'],
  ['cycles', 'reserve', '1000'],
  ['cycles', 'resize', '1000'],
  ['forgotten'],
  ['threads', '8'],
] as const;

test('M1 … M11: the programs of mappings, under ASan and UBSan', {
  skip: NO_SANITIZERS,
}, async () => {
  // Not the 256 MiB of freed memory that ASan keeps: `cycles` looks for what has not been freed.
  const sanitizers = await sanitized('memory');
  const env = { ...sanitizers, ASAN_OPTIONS: `${sanitizers.ASAN_OPTIONS}:quarantine_size_mb=2` };
  for (const [program, ...parameters] of PROGRAMS) {
    const { code, signal, stdout, stderr } = await outcome(program, parameters, {
      env,
      flags: STEADY_HEAP,
    });
    const end = [[program, ...parameters].join(' '), stdout, stderr.slice(-8000)].join('\n');
    assert.deepEqual([code, signal], [0, null], end);
    assert.doesNotMatch(stderr, /Sanitizer|runtime error/, end);
  }
});
