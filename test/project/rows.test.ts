import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DIFFERENCES, differenceOf, type KernelName } from '../helpers/differences.js';
import { allRows } from '../helpers/row-files.js';
import { ABOVE_THE_SEAM, isNoted, rowIds, UNTESTED } from '../helpers/rows.js';

const rows = await allRows();
const KERNELS: readonly KernelName[] = ['linux', 'sim'];
const MOST_DIFFERENCES = 25;

/** The ids of all rows that this kernel runs. */
function idsOf(kernel: KernelName): Set<string> {
  return new Set(rows.filter((row) => row.kernel === kernel).flatMap(({ ids }) => ids));
}

for (const kernel of KERNELS) {
  test(`every row of the specification runs on ${kernel}, or has a reason`, () => {
    const run = idsOf(kernel);
    const isMissing = (id: string) => !run.has(id) && differenceOf([id], kernel) === undefined;
    assert.deepEqual(
      rowIds().filter((id) => isMissing(id) && !(id in UNTESTED) && !(id in ABOVE_THE_SEAM)),
      [],
    );
    const tested = Object.keys(UNTESTED).filter((id) => run.has(id));
    assert.deepEqual(tested, [], 'tested after all');
    assert.ok(Object.keys(UNTESTED).length <= 16, 'the list of exceptions is short');
  });

  test(`whatever runs on the other kernel runs on ${kernel}, or is a named difference`, () => {
    const plain = ({ name }: { name: string }) => name.replace(/ \(differs\)$/, '');
    const names = new Set(rows.filter((row) => row.kernel === kernel).map(plain));
    const missing = rows.filter((row) => !names.has(plain(row)));
    const unexplained = missing.filter(({ ids }) => differenceOf(ids, kernel) === undefined);
    assert.deepEqual(
      unexplained.map(({ name }) => name),
      [],
    );
  });
}

test('what is no matter of a kernel is tested where the library has it', () => {
  for (const [id, file] of Object.entries(ABOVE_THE_SEAM)) {
    assert.ok(readFileSync(file, 'utf8').includes(`test('${id}: `), id);
  }
});

test('no two rows have one name', () => {
  for (const kernel of KERNELS) {
    const names = rows.filter((row) => row.kernel === kernel).map(({ name }) => name);
    assert.deepEqual(
      names.filter((name, place) => names.indexOf(name) !== place),
      [],
    );
  }
});

test('on the sim kernel no row is skipped: it has root, IPv6 and all that', () => {
  const skipped = rows.filter(({ kernel, skip }) => kernel === 'sim' && skip !== false);
  assert.deepEqual(
    skipped.map(({ name }) => name),
    [],
  );
});

test('the differences are few, each of a row that the other kernel runs', () => {
  assert.ok(DIFFERENCES.length <= MOST_DIFFERENCES);
  for (const { id, kernel, reason } of DIFFERENCES) {
    const [other] = KERNELS.filter((name) => name !== kernel) as [KernelName];
    assert.ok(idsOf(other).has(id), `${id} is no row`);
    assert.ok(reason.length > 0);
    assert.equal(DIFFERENCES.filter((one) => one.id === id && one.kernel === kernel).length, 1);
  }
});

test('a row of the notes differs only for machine code, a default action or speed', () => {
  const noted = DIFFERENCES.filter(({ id, subject }) => isNoted(id) && subject === 'other');
  assert.deepEqual(noted, []);
});
