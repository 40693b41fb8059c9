import assert from 'node:assert/strict';
import { EBADF, EEXIST, EINVAL, EPERM } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { throughThread } from '../../helpers/doors.js';
import { turns, until } from '../../helpers/turns.js';

const nobody = () => assert.fail('this listener must not run');

row('WATCH-01', 'level-triggered: the listener runs until it is read empty', async (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe(f.O_NONBLOCK);
  let runs = 0;
  const watch = succeeds(
    kernel.watch(reader, () => {
      succeeds(kernel.read(reader, new Uint8Array(1)), 1);
      runs++;
    }),
  );
  succeeds(kernel.write(writer, text('abc')), 3);
  await until(() => runs === 3);
  await turns(20);
  assert.equal(runs, 3);
  succeeds(kernel.write(writer, text('d')), 1);
  await until(() => runs === 4);
  succeeds(kernel.unwatch(watch), 0);
});

row(
  'WATCH-02',
  'after unwatch the listener does not run, though it is readable',
  async (subject) => {
    const { kernel, pipe } = subject;
    const [reader, writer] = pipe();
    succeeds(kernel.write(writer, text('a')), 1);
    const watch = succeeds(kernel.watch(reader, nobody));
    succeeds(kernel.unwatch(watch), 0);
    await turns(50);
  },
);

row('WATCH-03', 'a listener may unwatch itself and watch anew', async (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  succeeds(kernel.write(writer, text('a')), 1);
  const order: string[] = [];
  const first: number = kernel.watch(reader, () => {
    order.push('first');
    succeeds(kernel.unwatch(first), 0);
    const second: number = kernel.watch(reader, () => {
      order.push('second');
      succeeds(kernel.unwatch(second), 0);
    });
  });
  await until(() => order.length === 2);
  await turns(20);
  assert.deepEqual(order, ['first', 'second']);
});

row('WATCH-04', 'end of file and a dead peer are readable too', async (subject) => {
  const { kernel, pipe, close } = subject;
  const [reader, writer] = pipe();
  const [otherReader, otherWriter] = pipe();
  close(writer);
  close(otherReader);
  let ends = 0;
  let errors = 0;
  const watches = [kernel.watch(reader, () => ends++), kernel.watch(otherWriter, () => errors++)];
  await until(() => ends >= 3 && errors >= 3);
  for (const watch of watches) succeeds(kernel.unwatch(watch), 0);
});

row('WATCH-05', 'an epoll descriptor is watched as any other', async (subject) => {
  const { kernel, keep, pipe } = subject;
  const [reader, writer] = pipe();
  const epoll = keep(kernel.epoll_create1(f.EPOLL_CLOEXEC));
  const events = new Int32Array(3);
  let runs = 0;
  succeeds(kernel.epoll_ctl(epoll, f.EPOLL_CTL_ADD, reader, f.EPOLLIN | f.EPOLLET, 5), 0);
  const watch = kernel.watch(epoll, () => {
    runs++;
    kernel.epoll_wait(epoll, 0, events);
  });
  succeeds(kernel.write(writer, text('a')), 1);
  await until(() => runs > 0);
  await turns(20);
  assert.equal(runs, 1);
  assert.deepEqual([...events], [f.EPOLLIN, 5, 0]);
  succeeds(kernel.unwatch(watch), 0);
});

row('WATCH-06', 'once a descriptor; none that is closed or has no readiness', (subject) => {
  const { kernel, pipe, file } = subject;
  const [reader] = pipe();
  const watch = succeeds(kernel.watch(reader, nobody));
  failsWith(kernel.watch(reader, nobody), EEXIST);
  failsWith(kernel.watch(file(), nobody), EPERM);
  failsWith(kernel.watch(-1, nobody), EBADF);
  failsWith(kernel.watch('0' as unknown as number, nobody), EBADF);
  failsWith(kernel.watch(reader, null as unknown as () => void), EINVAL);
  succeeds(kernel.unwatch(watch), 0);
  failsWith(kernel.unwatch(watch), EINVAL);
});

row('WATCH-07', 'hold and unwatch of what is no watch are EINVAL', ({ kernel, pipe }) => {
  const [reader] = pipe();
  const watch = succeeds(kernel.watch(reader, nobody));
  for (const wrong of [-1, 0, watch + 1, Number.NaN, 2 ** 31, null as unknown as number]) {
    failsWith(kernel.hold(wrong, true), EINVAL);
    failsWith(kernel.unwatch(wrong), EINVAL);
  }
  failsWith(kernel.hold(watch, 1 as unknown as boolean), EINVAL);
  for (const alive of [true, true, false, false]) succeeds(kernel.hold(watch, alive), 0);
  succeeds(kernel.unwatch(watch), 0);
});

row('WATCH-08 F5', 'the description keeps its O_NONBLOCK as it was', ({ kernel, pipe }) => {
  for (const flags of [0, f.O_NONBLOCK]) {
    const [reader] = pipe(flags);
    const watch = succeeds(kernel.watch(reader, nobody));
    assert.equal(kernel.fcntl(reader, f.F_GETFL) & f.O_NONBLOCK, flags);
    succeeds(kernel.unwatch(watch), 0);
    assert.equal(kernel.fcntl(reader, f.F_GETFL) & f.O_NONBLOCK, flags);
  }
});

throughThread(import.meta.url);
