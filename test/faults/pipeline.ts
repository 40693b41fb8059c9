/** pipeline() is Linux's alone: its children are. What this process does for them may fail. */

import { Fd } from '../../src/fd/fd.js';
import { pipe } from '../../src/fd/pipe.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { pipeline } from '../../src/node/pipeline.js';
import { linuxRuntime } from '../../src/node/runtime.js';
import { type Scenario, takeAll, UP } from './scenarios.js';

const CAT = ['cat'] as const;

/** Two children, and a tap between them. */
export const PIPELINE: Scenario = {
  name: 'pipeline with a tap',
  async run({ clean, faulty, world }, signal) {
    const [out, tap] = [pipe(clean), pipe(clean)];
    const stdin = new Fd(clean, world.file(UP));
    const options = { stdin, stdout: out.writer, taps: { 0: [tap.writer] }, signal };
    const taking = Promise.all([takeAll(out.reader), takeAll(tap.reader)]);
    const real = exchange(faulty.kernel);
    let error: unknown;
    const result = await pipeline([CAT, CAT], options).catch((failure) => {
      error = failure;
      return undefined;
    });
    exchange(real);
    for (const fd of [stdin, out.writer, tap.writer]) fd.close();
    const [atEnd, atTap] = await taking;
    const complete = result?.code === 0;
    const tapped = complete && result.taps[0]?.targets.every((target) => !target.error) === true;
    const streams = [
      { name: 'output', sent: UP, arrived: atEnd, complete: tapped },
      { name: 'tap', sent: UP, arrived: atTap, complete: tapped },
    ];
    return { error, streams };
  },
};

/** Children are started by Node, so pipeline() has no runtime but Linux's: this is in its place. */
function exchange(kernel: Kernel): Kernel {
  const before = linuxRuntime.kernel;
  Object.assign(linuxRuntime as { kernel: Kernel }, { kernel });
  return before;
}
