import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as errno from '../../src/kernel/errno.js';
import { macros, runC, withoutCompiler } from '../helpers/compiler.js';

const { errnoMessage, errnoName, ...numbers } = errno;
const names = Object.keys(numbers) as (keyof typeof numbers)[];
const skip = withoutCompiler();

/** Lines of name, number and message; the first is the C library. */
function ask(): { glibc: boolean; entries: Map<string, { number: number; message: string }> } {
  const prints = names.map((name) => `printf("${name}\\t%d\\t%s\\n", ${name}, strerror(${name}));`);
  const [library, ...lines] = runC(`
    #include <errno.h>
    #include <stdio.h>
    #include <string.h>
    int main(void) {
    #ifdef __GLIBC__
      puts("glibc");
    #else
      puts("another");
    #endif
      ${prints.join('\n')}
    }`)
    .trim()
    .split('\n');
  const fields = lines.map((line) => line.split('\t') as [string, string, string]);
  return {
    glibc: library === 'glibc',
    entries: new Map(fields.map(([name, n, message]) => [name, { number: Number(n), message }])),
  };
}

test('errno: every number and message is that of the C library', { skip }, (context) => {
  const { glibc, entries } = ask();
  if (!glibc) context.diagnostic('messages not compared: they are those of glibc');
  for (const name of names) {
    const { number, message } = entries.get(name) as { number: number; message: string };
    assert.equal(numbers[name], number, name);
    if (!glibc) continue;
    const lowered = (words: string) => words.charAt(0).toLowerCase() + words.slice(1);
    assert.equal(lowered(errnoMessage(number)), lowered(message), name);
  }
});

test('errno: every errno of the headers is there', { skip }, () => {
  const known = macros('#include <errno.h>').filter((name) => /^E[A-Z0-9]+$/.test(name));
  const missing = known.filter((name) => !(name in numbers));
  assert.deepEqual(missing, []);
});

test('errnoName() gives the name, not the alias, and E4095 for a number it does not know', () => {
  assert.equal(errnoName(errno.EWOULDBLOCK), 'EAGAIN');
  assert.equal(errnoName(errno.ENOTSUP), 'EOPNOTSUPP');
  assert.equal(errnoName(4095), 'E4095');
  assert.equal(errnoMessage(4095), 'unknown error 4095');
});
