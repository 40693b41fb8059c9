/** Z10b: a file is replaced by rename(2) all the time while it is served. */
import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pattern } from '../helpers/claims.js';
import { Client } from './client.js';
import { makeFolder, startSite } from './site.js';

/** Each of another length, and no two alike. */
const VERSIONS = Array.from({ length: 7 }, (_, n) =>
  Buffer.from(pattern(30_000 + 3001 * n, n + 1)),
);

test('Z10b: each of 1,000 bodies is one version of the file, whole', async (t) => {
  const folder = makeFolder(t, { file: VERSIONS[0] as Buffer });
  const { port, reports } = await startSite(t, folder);
  const clients = await Promise.all(Array.from({ length: 10 }, () => Client.connect(port)));
  const seen = new Set<number>();
  let replaced = 0;
  const replace = () => {
    const next = join(folder, 'next');
    writeFileSync(next, VERSIONS[replaced++ % VERSIONS.length] as Buffer);
    renameSync(next, join(folder, 'file'));
  };
  for (let round = 0; round < 100; round++) {
    const replies = clients.map((client) => client.ask('GET', '/file').reply());
    replace();
    for (const reply of replies) {
      const { body } = await reply;
      const version = VERSIONS.findIndex((one) => one.equals(body));
      assert.ok(version >= 0, `a body of ${body.length} bytes`);
      seen.add(version);
      replace();
    }
  }
  for (const client of clients) client.close();
  assert.equal(seen.size, VERSIONS.length);
  assert.deepEqual(reports, []);
});
