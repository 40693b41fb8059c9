import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

const CC = process.env.CC ?? 'cc';

/** Why a test that needs a C compiler cannot run here; false when it can. */
export function withoutCompiler(): string | false {
  return spawnSync(CC, ['--version']).status === 0 ? false : `needs a C compiler (${CC})`;
}

/** What the program prints. */
export function runC(source: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-'));
  const program = join(directory, 'program');
  try {
    execFileSync(CC, ['-x', 'c', '-', '-o', program], { input: source });
    return execFileSync(program, { encoding: 'utf8' });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The macros that a piece of C defines, by name. */
export function macros(source: string): string[] {
  const text = execFileSync(CC, ['-dM', '-E', '-'], { input: source, encoding: 'utf8' });
  return [...text.matchAll(/^#define (\w+)/gm)].map((match) => match[1] as string);
}

/** The program as a file, which goes with the test. */
export function compileC(t: TestContext, source: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const program = join(directory, 'program');
  execFileSync(CC, ['-x', 'c', '-O1', '-pthread', '-', '-o', program, '-lrt'], { input: source });
  return program;
}
