// The standard output of this process goes to a file and back, for whoever writes to descriptor 1:
// this program, its children, a library in C.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adopt, open } from 'sluice';

const path = join(tmpdir(), `redirected-${process.pid}`);
writeSync(1, 'before\n');
{
  using saved = adopt({ fd: 1 }); // a duplicate: 1 stays what it is
  using file = await open(path, 'w');
  file.dup2(1);
  writeSync(1, 'a line\n');
  execFileSync('echo', ['a line of a child'], { stdio: 'inherit' });
  saved.dup2(1);
}
writeSync(1, 'after\n');
writeSync(1, `in the file: ${JSON.stringify(readFileSync(path, 'utf8'))}\n`);
rmSync(path);
