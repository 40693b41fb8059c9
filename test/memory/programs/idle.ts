/** Has nothing to do but to close a mapping once a job of the pool with its bytes is done. */
import { gzip } from 'node:zlib';
import { map } from '../../../src/index.js';

const mapping = map(null, { length: 1 << 22 });
let packed = 0;
gzip(mapping.bytes, (_, result) => {
  packed = result.length;
});
await mapping.closeWhenIdle();
console.log(`closed: ${mapping.closed}, packed: ${packed > 0}`);
