// A name is a file of /dev/shm as shm_open(3) makes it: programs in C and Python share the memory.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { SharedMemory } from '../../../src/index.js';
import { compileC, withoutCompiler } from '../../helpers/compiler.js';

const SIZE = 10_000;
const LAST = SIZE - 1;
const TIMES = 100_000;

/** Both programs: argument 1 is what to do, 2 the name, 3 the size. */
const C = `
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int count, char **parameter) {
  (void)count;
  struct stat stat;
  const int creates = strcmp(parameter[1], "create") == 0;
  const int fd = shm_open(parameter[2], creates ? O_RDWR | O_CREAT | O_EXCL : O_RDWR, 0600);
  if (fd < 0 || (creates && ftruncate(fd, atol(parameter[3])) != 0)) return 1;
  if (fstat(fd, &stat) != 0) return 2;
  unsigned char *bytes = mmap(NULL, stat.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (bytes == MAP_FAILED) return 3;
  bytes[stat.st_size - 1] = 201;
  printf("%ld\\n", (long)stat.st_size);
  fflush(stdout);
  if (getchar() == EOF) return 4;
  _Atomic int *word = (_Atomic int *)bytes;
  for (int times = 0; times < ${TIMES}; times++) atomic_fetch_add(word, 1);
  printf("%d\\n", bytes[100]);
  return 0;
}
`;

const PYTHON = `
import sys
from multiprocessing import resource_tracker, shared_memory

way, name, size = sys.argv[1], sys.argv[2].lstrip('/'), int(sys.argv[3])
if way == 'create':
    memory = shared_memory.SharedMemory(name=name, create=True, size=size)
else:
    memory = shared_memory.SharedMemory(name=name)
# Until 3.13 whoever attaches is made to unlink the name when it ends: bpo-38119.
resource_tracker.unregister(memory._name, 'shared_memory')
memory.buf[size - 1] = 201
print(memory.size, flush=True)
sys.stdin.read(1)
print(memory.buf[100])
memory.close()
`;

const withoutPython =
  spawnSync('python3', ['-c', 'from multiprocessing import shared_memory']).status === 0
    ? false
    : 'needs python3';

function nameFor(t: TestContext): string {
  const name = `sluice-test-${process.pid}-${Math.random().toString(36).slice(2)}`;
  t.after(() => SharedMemory.unlink(name));
  return name;
}

class Program {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(command: string, parameters: readonly string[]) {
    this.#child = spawn(command, [...parameters], { stdio: ['pipe', 'pipe', 'inherit'] });
    const input = this.#child.stdout as NodeJS.ReadableStream;
    this.#lines = createInterface({ input })[Symbol.asyncIterator]();
  }

  async number(): Promise<number> {
    return Number((await this.#lines.next()).value);
  }

  /** Lets it go on, and waits for its end. */
  async end(): Promise<number> {
    this.#child.stdin?.write('\n');
    const seen = await this.number();
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
    assert.equal(this.#child.exitCode, 0);
    return seen;
  }
}

/** What one stores the other loads, whoever has made it. */
async function exchange(program: Program, memory: SharedMemory): Promise<void> {
  assert.deepEqual([memory.size, memory.bytes[LAST], memory.damaged], [SIZE, 201, false]);
  memory.bytes[100] = 77;
  assert.equal(await program.end(), 77);
}

function start(command: string, given: readonly string[], way: string, name: string): Program {
  return new Program(command, [...given, way, `/${name}`, String(SIZE)]);
}

test('interop: a program in C opens what is made here', { skip: withoutCompiler() }, async (t) => {
  const name = nameFor(t);
  using memory = SharedMemory.create(SIZE, { name });
  const program = start(compileC(t, C), [], 'open', name);
  assert.equal(await program.number(), SIZE);
  await exchange(program, memory);
  assert.equal(new Int32Array(memory.buffer)[0], TIMES);
});

test('interop: what a program in C makes is opened', { skip: withoutCompiler() }, async (t) => {
  const name = nameFor(t);
  const program = start(compileC(t, C), [], 'create', name);
  assert.equal(await program.number(), SIZE);
  using memory = SharedMemory.open(name);
  const words = new Int32Array(memory.buffer);
  const ended = exchange(program, memory);
  for (let times = 0; times < TIMES; times++) Atomics.add(words, 0, 1);
  await ended;
  assert.equal(words[0], 2 * TIMES);
});

test('interop: Python opens what is made here', { skip: withoutPython }, async (t) => {
  const name = nameFor(t);
  using memory = SharedMemory.create(SIZE, { name });
  const program = start('python3', ['-c', PYTHON], 'open', name);
  assert.equal(await program.number(), SIZE);
  await exchange(program, memory);
});

test('interop: what Python makes is opened', { skip: withoutPython }, async (t) => {
  const name = nameFor(t);
  const program = start('python3', ['-c', PYTHON], 'create', name);
  assert.equal(await program.number(), SIZE);
  using memory = SharedMemory.open(name);
  await exchange(program, memory);
});
