import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WaitQueue } from '../../../src/kernel/sim/wait.js';

/** A queue whose waiters write their names down; those in `idle` will not act. */
function scene(idle = '') {
  const queue = new WaitQueue();
  const woken: string[] = [];
  const waiter = (name: string) => ({
    wake: () => {
      woken.push(name);
      return !idle.includes(name);
    },
  });
  return { queue, woken, waiter };
}

test('wait queue: plain waiters are told, then one exclusive, who waits the longest', () => {
  const { queue, woken, waiter } = scene();
  queue.addExclusive(waiter('x'));
  queue.addExclusive(waiter('y'));
  queue.add(waiter('a'));
  queue.add(waiter('b'));
  queue.wake();
  assert.equal(woken.join(''), 'bax');
});

test('wait queue: an exclusive waiter that will not act passes the event on', () => {
  const { queue, woken, waiter } = scene('x');
  for (const name of 'xyz') queue.addExclusive(waiter(name));
  queue.wake();
  assert.equal(woken.join(''), 'xy');
});

test('wait queue: wakeAll tells everybody', () => {
  const { queue, woken, waiter } = scene();
  for (const name of 'xyz') queue.addExclusive(waiter(name));
  queue.wakeAll();
  assert.equal(woken.join(''), 'xyz');
});

test('wait queue: who leaves is not told, also when it leaves as it is told', () => {
  const { queue, woken, waiter } = scene();
  const first = queue.add(waiter('a'));
  const place = queue.add({
    wake: () => {
      place.leave();
      return true;
    },
  });
  first.leave();
  first.leave();
  queue.wake();
  assert.ok(queue.isEmpty);
  queue.wake();
  assert.deepEqual(woken, []);
});
