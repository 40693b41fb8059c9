/** npm run fuzz -- [SEED [STEPS]]: 10^7 steps on Linux and on the sim kernel. */
import { fuzz, report } from './fuzz.js';

const [seed = Number(process.env.SLUICE_SEED ?? 1), steps = 1e7] = process.argv
  .slice(2)
  .map(Number);
if (Number.isSafeInteger(seed) && steps > 0) {
  const outcome = fuzz({ seed, steps });
  console.log(report(outcome));
  process.exitCode = outcome.found === undefined ? 0 : 1;
} else {
  console.error('usage: npm run fuzz -- [SEED [STEPS]]: whole numbers');
  process.exitCode = 2;
}
