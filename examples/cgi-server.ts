// A server that gives each connection to a child as its standard input and output, and goes on with
// it when the child is done. For the child, Node makes the connection's description blocking, and
// that is shared: a plain read(2) here would stop the event loop, and with it the client below.
import { equal, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { adopt } from 'sluice';

// pauseOnConnect: what the client sends is for the child, so Node must not read any of it.
const server = createServer({ pauseOnConnect: true }, async (socket: Socket) => {
  using connection = adopt(socket);
  const child = spawn('sh', ['-c', 'read name; echo "hello $name"'], {
    stdio: [connection, connection, 'inherit'],
  });
  await once(child, 'exit');
  equal(connection.nonBlocking, false);

  const buffer = Buffer.alloc(100);
  let turns = 0;
  let waiting = true;
  const reading = connection.read(buffer).finally(() => {
    waiting = false;
  });
  server.emit('waiting');
  for (; waiting; turns++) await nextTurn();
  ok(turns > 10, 'the event loop turned while the read waited');

  await connection.write(Buffer.from(`${buffer.toString('utf8', 0, await reading)} to you`));
  connection.shutdown(); // for Node's own descriptor of it too
  socket.destroy();
});

const serverWaits = once(server, 'waiting');
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const client = connect((server.address() as { port: number }).port, '127.0.0.1');
client.write('world\n');
const [answer] = await once(client, 'data');
console.log(`${answer}`.trim());
const [, status] = await Promise.all([goOn(), text(client)]);
console.log(status);
server.close();

async function goOn(): Promise<void> {
  await serverWaits;
  for (let turn = 0; turn < 100; turn++) await nextTurn();
  client.write('goodbye');
}
