/** The relay that everybody writes first: `node relay-node.js TARGET_PORT`; prints its own port. */
import { type AddressInfo, connect, createServer } from 'node:net';

const target = Number(process.argv[2]);
const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
  const upstream = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  client.pipe(upstream);
  upstream.pipe(client);
  client.on('error', () => upstream.destroy());
  upstream.on('error', () => client.destroy());
});
server.listen(0, '127.0.0.1', 4096, () => {
  console.log(`:${(server.address() as AddressInfo).port}`);
});
