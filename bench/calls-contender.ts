/**
 * One contender of bench/calls.ts in a process of its own: `kernel`, `sys` or `koffi`, and how many
 * calls. Prints nanoseconds per call as JSON.
 */
import { createRequire } from 'node:module';
import { linux, SystemError } from 'sluice';
import * as sys from 'sluice/sys';

/** The calls in the shape that all contenders can have; a failing one answers or throws. */
interface Calls {
  dup(fd: number): number;
  close(fd: number): unknown;
  fcntl(fd: number, command: number): number;
  failing(): void;
}

const [, , name, countText, koffiFolder] = process.argv;
const count = Number(countText);
const [reader, writer] = sys.pipe2(0);
const calls = contender();

function contender(): Calls {
  if (name === 'kernel') {
    const { dup, close, fcntl } = linux;
    return { dup, close, fcntl, failing: () => void dup(-1) };
  }
  if (name === 'sys') {
    const fcntl = (fd: number, command: number) => sys.fcntl(fd, command as typeof sys.F_GETFL);
    return { dup: sys.dup, close: sys.close, fcntl, failing: failingSys };
  }
  const library = createRequire(`${koffiFolder}/`)('koffi').load('libc.so.6');
  const dup = library.func('int dup(int)');
  return {
    dup,
    close: library.func('int close(int)'),
    fcntl: library.func('int fcntl(int, int)'),
    failing: () => void dup(-1),
  };
}

function failingSys(): void {
  try {
    sys.dup(-1);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
  }
}

function measure(body: () => void): number {
  for (let index = 0; index < count / 10; index++) body();
  const start = process.hrtime.bigint();
  for (let index = 0; index < count; index++) body();
  return Number(process.hrtime.bigint() - start) / count;
}

function expect(actual: number, expected: number): void {
  if (actual !== expected) throw new Error(`expected ${expected}, got ${actual}`);
}

console.log(
  JSON.stringify({
    'dup+close': measure(() => {
      calls.close(calls.dup(reader));
    }),
    'fcntl(F_GETFL)': measure(() => expect(calls.fcntl(reader, sys.F_GETFL), sys.O_RDONLY)),
    failing: measure(calls.failing),
    succeeding: measure(() => expect(calls.fcntl(writer, sys.F_GETFD), 0)),
  }),
);
