/**
 * The peer of bench/serve.ts: sirv on Node's http, as its manual shows it, in production mode.
 */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

const [, , package_, folder] = process.argv;
const handler = createRequire(`${package_}/`)('sirv')(folder, { dev: false, etag: true });
const server = createServer(handler).listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
