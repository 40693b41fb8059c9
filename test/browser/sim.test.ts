/** `sluice/sim` in a browser. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allRows } from '../helpers/row-files.js';
import { rows, sim } from './bundle.js';
import { NEEDS_CHROMIUM, onPage } from './chromium.js';
import type { Outcome } from './outcomes.js';

const options = { skip: NEEDS_CHROMIUM, timeout: 120_000 };

/** In the page, as a string: it is no program of Node's. */
const HELLO = `(async () => {
  const { SimKernel, createRuntime } = await import('/sim.js');
  const kernel = new SimKernel();
  const clock = {
    now: () => performance.now(),
    timer: (delay, run) => clearTimeout.bind(null, setTimeout(run, delay)),
    yield: () => new Promise((resolve) => setTimeout(resolve)),
    random: () => 0.5,
  };
  const { pipe, copy } = createRuntime({ kernel, clock });
  const [from, to] = [pipe(), pipe()];
  await from.writer.write(new TextEncoder().encode('hello'));
  from.writer.close();
  const { bytes } = await copy(from.reader, to.writer);
  const text = new Uint8Array(100);
  const count = await to.reader.read(text);
  return [typeof process, typeof Buffer, bytes, new TextDecoder().decode(text.subarray(0, count))];
})()`;

test('sluice/sim in a page without process and Buffer: pipes and a copy', options, async () => {
  await onPage({ 'sim.js': await sim() }, async (page) => {
    assert.deepEqual(await page.evaluate(HELLO), ['undefined', 'undefined', 5, 'hello']);
  });
});

test('the conformance rows of the sim kernel in Chromium', options, async (t) => {
  await onPage({ 'rows.js': await rows() }, async (page) => {
    const script = `import('/rows.js').then(({ outcomes }) => outcomes())`;
    const all = (await page.evaluate(script)) as Outcome[];
    const failed = all.filter((one) => one.failed !== undefined);
    assert.deepEqual(failed, []);
    const here = (await allRows()).filter(({ kernel }) => kernel === 'sim');
    assert.deepEqual(
      all.map(({ name }) => name),
      here.map(({ name }) => name),
    );
    t.diagnostic(`Chromium ${page.context().browser()?.version()}: ${all.length} rows passed`);
  });
});
