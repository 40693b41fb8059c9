import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../examples', import.meta.url));

const PRINTED: Readonly<Record<string, string>> = {
  'cgi-server.js': 'hello world\ngoodbye to you\n',
  'io-signals.js': 'true true true\n',
  'joined-children.js': '100000\n',
  'non-blocking.js': 'at last\n',
  'killed-holder.js': 'the holder died: 10 of 100 were on their way\n90 and 10\n',
  'redirected-output.js': 'before\nafter\nin the file: "a line\\na line of a child\\n"\n',
};

test('every example has its result here', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.js'));
  assert.deepEqual(files.sort(), Object.keys(PRINTED).sort());
});

for (const [file, printed] of Object.entries(PRINTED)) {
  test(`example: ${file}`, async () => {
    const { stdout, stderr } = await run(process.execPath, [`${folder}/${file}`], {
      timeout: 20_000,
    });
    assert.equal(stdout, printed);
    assert.equal(stderr, '');
  });
}
