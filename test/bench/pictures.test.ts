import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { onCard } from '../../bench/draw.js';
import { barPicture, linePicture, overviewPicture } from '../../bench/pictures.js';
import { readRecord } from '../../bench/record.js';
import { SUITES } from '../../bench/suites.js';
import { FIGURES, GROWN, GROWTH, RESULT, TABLE } from './sample.js';

test('barPicture() has a panel for each column with a good side, a bar for each contender', () => {
  const { title, panels } = barPicture(TABLE, FIGURES);
  assert.equal(title, 'Relay, one connection');
  assert.deepEqual(
    panels.map((panel) => panel.title),
    ['throughput, more is better', 'CPU per GiB, less is better'],
  );
  assert.deepEqual(panels[0]?.bars[0], {
    name: 'sluice',
    value: 3,
    label: '3.00 GiB/s',
    ours: true,
  });
  assert.deepEqual(panels[1]?.bars[2], {
    name: 'no relay',
    value: undefined,
    label: '',
    ours: false,
  });
});

test('linePicture() goes over the columns that are counts', () => {
  const { counts, across, unit, lines } = linePicture(GROWTH, GROWN);
  assert.deepEqual([counts, across, unit], [['1', '10'], 'connections', '/s']);
  assert.deepEqual(lines[0], { name: 'sluice', values: [50, 100], ours: true });
});

test('overviewPicture() has each throughput asked against a peer, met or not', () => {
  assert.deepEqual(overviewPicture([RESULT]).rows, [
    { name: 'relay, flood · HAProxy', value: 1.5 },
    { name: 'relay, flood · no relay', value: 0.75 },
  ]);
});

test('onCard() gives a name and a background, and takes what only a browser needs', () => {
  const drawn =
    '<svg width="1">\n<rect width="1" height="1" x="0" y="0" fill="none"></rect>\n' +
    '<path ecmeta_ssr_type="chart" class="zr0-cls-0"></path>\n' +
    '<style >\n<![CDATA[\n.zr0-cls-0:hover{}\n]]>\n</style>\n</svg>';
  const svg = onCard(drawn, 'a < b');
  assert.match(svg, /^<svg role="img" width="1">\n<title>a &lt; b<\/title><style>svg\{color/);
  assert.match(svg, /prefers-color-scheme:dark/);
  assert.doesNotMatch(svg, /ecmeta|zr0|CDATA|fill="none"/);
  assert.match(svg, /<\/svg>\n$/);
});

test('the pictures that are kept show the figures that are kept beside them', () => {
  const kept = readdirSync('bench/plots');
  for (const [name, suite] of Object.entries(SUITES)) {
    const recorded = readRecord('bench/plots', name);
    for (const table of suite.tables) {
      const all = recorded?.tables[table.id];
      assert.equal(kept.includes(`${table.id}.svg`), all !== undefined, table.id);
      if (all === undefined) continue;
      const svg = readFileSync(`bench/plots/${table.id}.svg`, 'utf8');
      const labels = table.growth
        ? Object.keys(all)
        : barPicture(table, all).panels.flatMap(({ bars }) => bars.map(({ label }) => label));
      for (const label of labels) assert.ok(svg.includes(`>${label}<`), `${table.id}: ${label}`);
    }
  }
});
