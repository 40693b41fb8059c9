/** A connection over TLS, by a key that both know: no certificate has to be made. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, connect as secureConnect, type TLSSocket } from 'node:tls';

const KEY = Buffer.from('00112233', 'hex');
const OPTIONS = { ciphers: 'PSK', maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' } as const;

export async function securePair(): Promise<[client: TLSSocket, served: TLSSocket]> {
  const server = createServer({ ...OPTIONS, pskCallback: () => KEY }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = secureConnect({
    ...OPTIONS,
    port,
    host: '127.0.0.1',
    checkServerIdentity: () => undefined,
    pskCallback: () => ({ psk: KEY, identity: 'test' }),
  });
  const [served] = (await once(server, 'secureConnection')) as [TLSSocket];
  server.close();
  return [client, served];
}
