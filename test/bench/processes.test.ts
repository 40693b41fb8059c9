import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { freePort, portSaid, untilListening } from '../../bench/processes.js';

function node(t: TestContext, code: string) {
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

test('untilListening() waits for the program, and ends with it', async (t) => {
  const port = await freePort();
  const listens = `require('node:net').createServer().listen(${port}, '127.0.0.1')`;
  await untilListening(node(t, listens), port);
  await assert.rejects(untilListening(node(t, 'process.exit(3)'), await freePort()), /with 3$/);
  const killed = node(t, 'process.kill(process.pid, "SIGTERM")');
  await assert.rejects(untilListening(killed, await freePort()), /with SIGTERM$/);
});

test('portSaid() hears it in pieces, and ends with the program', async (t) => {
  const pieces = 'process.stdout.write("at :12", () => console.log("34"))';
  assert.equal(await portSaid(node(t, pieces), /:(\d+)\n/), 1234);
  await assert.rejects(portSaid(node(t, 'process.exit(3)'), /:(\d+)\n/), /with 3$/);
});
