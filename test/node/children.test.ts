import assert from 'node:assert/strict';
import {
  type ChildProcess,
  type ChildProcessByStdio,
  type ChildProcessWithoutNullStreams,
  type SpawnOptions,
  spawn,
} from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import { pipe } from '../../src/index.js';
import { string } from '../helpers/claims.js';

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles where the value has exactly this type. */
function exactly<Expected>() {
  return <Actual>(_value: Actual, _same: Same<Actual, Expected>): void => {};
}

test('spawn() without an Fd has the types that Node gives it', async () => {
  const piped = spawn('true');
  exactly<ChildProcessWithoutNullStreams>()(piped, true);
  const withArguments = spawn('true', ['x']);
  exactly<ChildProcessWithoutNullStreams>()(withArguments, true);
  const output = spawn('true', [], { stdio: ['ignore', 'pipe', 'inherit'] });
  exactly<ChildProcessByStdio<null, Readable, null>>()(output, true);
  const numbers = spawn('true', [], { stdio: ['ignore', 2, 'ignore'] });
  exactly<ChildProcess>()(numbers, true);
  const options: SpawnOptions = { stdio: 'ignore' };
  const general = spawn('true', [], options);
  exactly<ChildProcess>()(general, true);
  const children: ChildProcess[] = [piped, withArguments, output, numbers, general];
  await Promise.all(children.map((child) => once(child, 'exit')));
});

test('spawn() takes an Fd, with arguments and without, and only borrows it', async () => {
  using p = pipe();
  const first = spawn('echo', ['one'], { stdio: ['ignore', p.writer, 'inherit'] });
  exactly<ChildProcess>()(first, true);
  await once(first, 'exit');
  const second = spawn('pwd', { cwd: '/', stdio: ['ignore', p.writer, 'inherit'] });
  exactly<ChildProcess>()(second, true);
  await once(second, 'exit');
  await p.writer.write(Buffer.from('three'));
  const buffer = new Uint8Array(100);
  assert.equal(string(buffer.subarray(0, await p.reader.read(buffer))), 'one\n/\nthree');
});
