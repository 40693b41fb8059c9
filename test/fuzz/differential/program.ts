/** npm run fuzz [SEED [STEPS]]: 10^7 steps on Linux and on the sim kernel. */
import { fuzz, report } from './fuzz.js';

const [seed = process.env.SLUICE_SEED ?? 1, steps = 1e7] = process.argv.slice(2).map(Number);
const outcome = fuzz({ seed: Number(seed), steps });
console.log(report(outcome));
process.exitCode = outcome.found === undefined ? 0 : 1;
