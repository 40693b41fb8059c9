import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EIO } from '../../../src/kernel/errno.js';
import { createRuntime, fault, Scheduler, SimKernel } from '../../../src/sim.js';
import { failsWith, pattern, succeeds } from '../../helpers/claims.js';

/** The order in which tasks run that are scheduled together. */
function orderOf(seed: number, count = 6): string {
  const scheduler = new Scheduler({ seed });
  const order: number[] = [];
  for (let task = 0; task < count; task++) scheduler.schedule(() => order.push(task));
  while (scheduler.step());
  return order.join('');
}

test('schedule: a seed is an order, and seeds find all orders', () => {
  assert.equal(orderOf(3), orderOf(3));
  const orders = new Set(Array.from({ length: 200 }, (_, seed) => orderOf(seed, 3)));
  assert.deepEqual([...orders].sort(), ['012', '021', '102', '120', '201', '210']);
});

test('schedule: a yield comes after all that was there before it, in order', async () => {
  for (let seed = 0; seed < 50; seed++) {
    const scheduler = new Scheduler({ seed });
    const order: string[] = [];
    scheduler.schedule(() => order.push('before'));
    scheduler.schedule(() => order.push('before'));
    void scheduler.clock.yield().then(() => order.push('first'));
    scheduler.schedule(() => scheduler.schedule(() => order.push('whenever')));
    void scheduler.clock.yield().then(() => order.push('second'));
    await scheduler.rest();
    const fixed = order.filter((one) => one !== 'whenever');
    assert.deepEqual(fixed, ['before', 'before', 'first', 'second'], `seed ${seed}`);
    assert.equal(order.length, 5);
  }
});

test('schedule: what follows from a task by promises is over before the next task', async () => {
  const scheduler = new Scheduler();
  let depth = 0;
  const follow = async () => {
    assert.equal(depth, 0);
    for (depth = 1; depth < 100; depth++) await undefined;
    depth = 0;
  };
  for (let task = 0; task < 10; task++) scheduler.schedule(() => void follow());
  await scheduler.rest();
  assert.equal(depth, 0);
});

test('schedule: time passes only when nothing is left to do', async () => {
  const scheduler = new Scheduler();
  const { clock } = scheduler;
  const seen: string[] = [];
  clock.timer(200, () => seen.push(`late ${clock.now()}`));
  clock.timer(100, () => {
    seen.push(`early ${clock.now()}`);
    scheduler.schedule(() => seen.push(`task ${clock.now()}`));
  });
  const off = clock.timer(150, () => seen.push('never'));
  off();
  await scheduler.run(new Promise<void>((resolve) => clock.timer(300, resolve)));
  assert.deepEqual(seen, ['early 100', 'task 100', 'late 200']);
  assert.deepEqual([clock.now(), clock.timers], [300, 0]);
});

test('schedule: with haste a limit of time may come before what else there is', async () => {
  const winners = new Set<string>();
  for (let seed = 0; seed < 30; seed++) {
    const scheduler = new Scheduler({ seed, haste: 0.5 });
    const race = new Promise<string>((resolve) => {
      scheduler.clock.timer(1000, () => resolve('time'));
      scheduler.schedule(() => scheduler.schedule(() => resolve('work')));
    });
    winners.add(await scheduler.run(race));
  }
  assert.deepEqual([...winners].sort(), ['time', 'work']);
});

test('schedule: a timer that is due is called off by a task that runs first', async () => {
  const scheduler = new Scheduler();
  const off = scheduler.clock.timer(1, () => assert.fail('it was called off'));
  scheduler.clock.advance(1);
  assert.equal(scheduler.pending, 1);
  off();
  await scheduler.rest();
  assert.equal(scheduler.clock.timers, 0);
});

test('schedule: run() says what will never end, and what never ends', async () => {
  const stuck = { code: 'ERR_SLUICE_STUCK' };
  await assert.rejects(new Scheduler().run(new Promise(() => {})), stuck);
  const busy = new Scheduler({ mostTasks: 100 });
  const again = () => busy.schedule(again);
  again();
  await assert.rejects(busy.run(new Promise(() => {})), stuck);
  await assert.rejects(busy.rest(), stuck);
  const scheduler = new Scheduler();
  scheduler.schedule(() => {
    throw new RangeError('of a task');
  });
  await assert.rejects(scheduler.run(new Promise(() => {})), RangeError);
  await assert.rejects(new Scheduler().run(Promise.reject(new RangeError())), RangeError);
});

test('schedule: options are checked', () => {
  for (const options of [{ seed: 0.5 }, { haste: 2 }, { mostTasks: 0 }]) {
    assert.throws(() => new Scheduler(options), { code: 'ERR_OUT_OF_RANGE' });
  }
  const wrong = { seed: '1' } as unknown as { seed: number };
  assert.throws(() => new Scheduler(wrong), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('schedule: it fits a kernel and a runtime: a copy through a full pipe', async () => {
  const scheduler = new Scheduler({ seed: 7 });
  const kernel = new SimKernel(scheduler);
  const { pipe, copy } = createRuntime({ kernel, clock: scheduler.clock });
  const [from, to] = [pipe({ capacity: 4096 }), pipe({ capacity: 4096 })];
  const bytes = pattern(20_000, 3);
  const pieces: Uint8Array[] = [];
  const giving = (async () => {
    for (let at = 0; at < bytes.length; ) at += await from.writer.write(bytes.subarray(at));
    from.writer.close();
  })();
  const taking = (async () => {
    for (let count = -1; count !== 0; ) {
      const piece = new Uint8Array(1000);
      count = await to.reader.read(piece);
      pieces.push(piece.subarray(0, count));
    }
  })();
  const copying = copy(from.reader, to.writer).then(() => to.writer.close());
  await scheduler.run(Promise.all([giving, copying, taking]));
  assert.deepEqual(Buffer.concat(pieces), Buffer.from(bytes));
  for (const fd of [from.reader, to.reader]) fd.close();
  assert.equal(kernel.inspect().pagesInUse, 0);
  succeeds(kernel.inspect().processes[0]?.descriptors.length ?? -1, 1);
});

test('schedule: an offloaded call that is made to fail fails in its turn', async () => {
  const orders = new Set<string>();
  for (let seed = 0; seed < 30; seed++) {
    const scheduler = new Scheduler({ seed });
    const faults = [{ call: 'write', nth: 1, count: 2, errno: EIO }] as const;
    const kernel = fault(new SimKernel(scheduler), { faults });
    const order: string[] = [];
    const tickets = ['first', 'second'].map((name) =>
      kernel.offload('write', [1, new Uint8Array(1)], (result) => {
        failsWith(result, EIO);
        order.push(name);
      }),
    );
    assert.equal(new Set(tickets).size, 2);
    assert.deepEqual(order, []);
    await scheduler.rest();
    orders.add(order.join());
  }
  assert.deepEqual([...orders].sort(), ['first,second', 'second,first']);
});
