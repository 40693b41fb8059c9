// Another reader of the source takes what every target of a tee has, before the tee does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRuntime, type Kernel, Scheduler, SimKernel } from '../../src/sim.js';
import { pattern, succeeds } from '../helpers/claims.js';

const BYTES = pattern(5000);

/** What a tee says, from whose source somebody reads just before it discards what is delivered. */
async function teeBesideThief(ends: boolean): Promise<void> {
  const scheduler = new Scheduler();
  const sim = new SimKernel(scheduler);
  const { clock } = scheduler;
  const splice: Kernel['splice'] = (...parameters) => {
    succeeds(sim.read(parameters[0], new Uint8Array(BYTES.length)));
    if (ends) source.writer.close();
    return sim.splice(...parameters);
  };
  const { pipe, tee } = createRuntime({ kernel: { ...sim, splice }, clock });
  const [source, target] = [pipe(), pipe()];
  succeeds(sim.write(source.writer.fd, BYTES), BYTES.length);
  await scheduler.run(tee(source.reader, [target.writer]).then(() => {}));
}

for (const [name, ends] of [
  ['has ended', true],
  ['goes on', false],
] as const) {
  test(`tee: bytes that another reader takes are an error, where the source ${name}`, () =>
    assert.rejects(teeBesideThief(ends), { code: 'ERR_SLUICE_SOURCE_TRUNCATED' }));
}
