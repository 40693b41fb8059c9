/** Every option of the flows, with values of a wrong type and out of range. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CopyOptions,
  copy,
  type PipelineOptions,
  pipe,
  pipeline,
  type RelayOptions,
  relay,
  socketPair,
  type TeeOptions,
  tee,
} from '../../src/index.js';

/** Values of another type, and values of the right one that cannot be meant. */
interface Wrong {
  readonly type: readonly unknown[];
  readonly range: readonly unknown[];
}

const NOT_A_NUMBER = ['1', true, 1n, null, {}];
const COUNT: Wrong = { type: NOT_A_NUMBER, range: [-1, 0.5, Number.NaN, 2 ** 53] };
const POSITIVE: Wrong = { type: NOT_A_NUMBER, range: [-1, 0, Number.NaN, 1 / 0] };
const TIMEOUT: Wrong = { ...POSITIVE, range: [...POSITIVE.range, 2 ** 31] };
const FLAG: Wrong = { type: [1, 'yes', null], range: [] };
const CALLBACK: Wrong = { type: [5, 'f', {}, null], range: [] };
const SIGNAL: Wrong = { type: [5, {}, null, 'SIGINT'], range: [] };
const STDIO: Wrong = { type: [true, () => {}], range: ['pip', -1, 1.5] };

/** Each has all its options here: the compiler sees to it. */
const COPY: Record<keyof CopyOptions, Wrong> = {
  offset: { ...COUNT, range: [...COUNT.range, 1 / 0] },
  limit: COUNT,
  onProgress: CALLBACK,
  idleTimeoutMs: TIMEOUT,
  minBytesPerSecond: POSITIVE,
  signal: SIGNAL,
  shutdown: FLAG,
  closeTarget: FLAG,
  bytesPerTurn: { ...COUNT, range: [...COUNT.range, 0, 1 / 0] },
};
const RELAY: Record<keyof RelayOptions, Wrong> = {
  signal: SIGNAL,
  idleTimeoutMs: TIMEOUT,
  halfCloseTimeoutMs: TIMEOUT,
  minBytesPerSecond: POSITIVE,
};
const TEE: Record<keyof TeeOptions, Wrong> = {
  signal: SIGNAL,
  limit: COUNT,
  onProgress: CALLBACK,
  idleTimeoutMs: TIMEOUT,
  minBytesPerSecond: POSITIVE,
  onTargetError: { type: [5, null, {}], range: ['', 'stop'] },
  onSlowTarget: { type: [5, null, () => 'drop'], range: ['', 'abort'] },
  slowTargetTimeoutMs: TIMEOUT,
};
const PIPELINE: Record<keyof PipelineOptions, Wrong> = {
  signal: SIGNAL,
  killSignal: { type: [15, null], range: ['', 'TERM', 'SIGNOT'] },
  stdin: STDIO,
  stdout: STDIO,
  stderr: STDIO,
  capacity: { type: NOT_A_NUMBER, range: [-1, 0, 0.5, 2 ** 32] },
  taps: { type: [5, null, { 0: 1 }], range: [{ 1: [1] }, { x: [1] }, { '-1': [1] }] },
  cwd: { type: [5, null, {}], range: [] },
  env: { type: [5, 'PATH', null], range: [] },
};

type Call = (options: object) => Promise<unknown>;

const FLOWS: readonly (readonly [string, Record<string, Wrong>, Call])[] = [
  ['copy', COPY, (options) => withPipe(({ reader, writer }) => copy(reader, writer, options))],
  ['tee', TEE, (options) => withPipe(({ reader, writer }) => tee(reader, [writer], options))],
  ['relay', RELAY, (options) => withConnections((a, b) => relay(a, b, options))],
  ['pipeline', PIPELINE, (options) => pipeline([['true'], ['true']], options)],
];

async function withPipe(use: (made: ReturnType<typeof pipe>) => Promise<unknown>) {
  using made = pipe();
  await use(made);
}

/** Their owner has them still when the options are refused. */
async function withConnections(
  use: (...pair: [...ReturnType<typeof socketPair>]) => Promise<unknown>,
) {
  using pair = socketPair();
  try {
    await use(...pair);
  } finally {
    assert.deepEqual([pair[0].closed, pair[1].closed], [false, false]);
  }
}

for (const [name, wrong, call] of FLOWS) {
  test(`${name}: each option is refused by its name, for its type and for its range`, async () => {
    for (const [option, { type, range }] of Object.entries(wrong)) {
      for (const value of type) {
        await assert.rejects(call({ [option]: value }), (error: NodeJS.ErrnoException) => {
          assert.ok(error instanceof TypeError, `${option}: ${String(value)}: ${error}`);
          assert.equal(error.code, 'ERR_INVALID_ARG_TYPE');
          assert.match(error.message, new RegExp(`^The "${option}[^"]*" argument must be `));
          return true;
        });
      }
      for (const value of range) {
        await assert.rejects(call({ [option]: value }), (error: NodeJS.ErrnoException) => {
          assert.ok(error instanceof RangeError, `${option}: ${String(value)}: ${error}`);
          assert.equal(error.code, 'ERR_OUT_OF_RANGE');
          assert.match(error.message, new RegExp(`^The value of "${option}" is out of range`));
          return true;
        });
      }
    }
  });

  test(`${name}: options that are no object are refused`, async () => {
    for (const value of [5, 'fast', null, () => {}]) {
      await assert.rejects(call(value as object), { code: 'ERR_INVALID_ARG_TYPE' });
    }
  });
}

test('what is left undefined is as if it were not there', async () => {
  const all = (wrong: object) =>
    Object.fromEntries(Object.keys(wrong).map((option) => [option, undefined]));
  const { code } = await pipeline([['true'], ['true']], all(PIPELINE));
  assert.equal(code, 0);
  using made = pipe();
  assert.equal((await copy(made.reader, made.writer, { ...all(COPY), limit: 0 })).bytes, 0);
  assert.equal((await tee(made.reader, [made.writer], { ...all(TEE), limit: 0 })).bytes, 0);
});
