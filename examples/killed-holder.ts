// A child is killed with a lock in its hand: the next owner gets it, is told, and puts in order.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SharedMemory } from 'sluice';

const [LOCK, READY] = [0, 1]; // words of 32 bits
const [FROM, TO] = [1, 2]; // of 64 bits, behind them

if (process.argv[2] === 'child') {
  const shared = SharedMemory.open(3, { doorbell: 4 });
  const accounts = new BigInt64Array(shared.buffer);
  await shared.lock(LOCK);
  Atomics.sub(accounts, FROM, 10n);
  Atomics.store(new Int32Array(shared.buffer), READY, 1);
  shared.notify();
  await shared.wait(READY, 1); // nobody changes it: killed before it adds them to the other account
} else {
  using shared = SharedMemory.create(4096);
  const accounts = new BigInt64Array(shared.buffer);
  accounts[FROM] = 100n;
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), 'child'], {
    stdio: ['ignore', 'inherit', 'inherit', ...shared.stdio],
  });
  await shared.wait(READY, 0);
  const waiting = shared.lock(LOCK);
  child.kill('SIGKILL');
  using held = await waiting;
  if (held.abandoned) {
    const missing = 100n - Atomics.load(accounts, FROM) - Atomics.load(accounts, TO);
    console.log(`the holder died: ${missing} of 100 were on their way`);
    Atomics.add(accounts, TO, missing);
  }
  console.log(`${accounts[FROM]} and ${accounts[TO]}`);
}
