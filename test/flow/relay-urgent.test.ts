import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fd } from '../../src/fd/fd.js';
import { relay } from '../../src/flow/relay.js';
import * as f from '../../src/kernel/flags.js';
import { pattern, succeeds, text } from '../helpers/claims.js';
import { drain, runtime, tcp } from './copy/ends.js';

const { kernel } = runtime;

test('Z7: what follows an urgent byte arrives, though the end is there before it', async (t) => {
  for (const at of [1, 65_536, 150_000, 200_000]) {
    const [client, front] = tcp(t);
    const [back, server] = tcp(t);
    const content = pattern(300_000, at);
    const relaying = relay(
      runtime,
      new Fd(runtime, succeeds(kernel.dup(front))),
      new Fd(runtime, succeeds(kernel.dup(back))),
    );
    const received = drain(server);
    await sendAll(client, content.subarray(0, at));
    assert.equal(kernel.send(client, text('!'), f.MSG_OOB), 1);
    await sendAll(client, content.subarray(at));
    succeeds(kernel.shutdown(client, f.SHUT_WR));
    assert.ok((await received).equals(content));
    succeeds(kernel.shutdown(server, f.SHUT_WR));
    assert.equal((await relaying).sent, content.length);
  }
});

async function sendAll(fd: number, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length; ) {
    const count = kernel.send(fd, bytes.subarray(sent), 0);
    if (count > 0) sent += count;
    else await runtime.poller.wait(fd, 4);
  }
}
