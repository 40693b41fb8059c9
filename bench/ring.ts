/** Messages between two processes: over a ring, by process.send and over a socket. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { compile } from './processes.js';
import { type Contender, type Figures, type Rounds, rounds } from './rounds.js';
import type { Column, Suite, Table } from './suite.js';

const SMALL = 100;
const LARGE = 65_536;
const TRIPS = 20_000;
const SPIN_TRIPS = 200_000;

const OURS = 'sluice ring';
const SPINNING = 'sluice ring, spin: 100';
const SLEEPING = 'sluice ring, spin: 0';
const C = 'C, socketpair';

const RATE: Column = {
  key: 'rate',
  title: 'messages',
  unit: 'thousand/s',
  digits: 0,
  better: 'more',
};
const BYTES: Column = { key: 'rate', title: 'bytes', unit: 'GB/s', digits: 2, better: 'more' };
const TRIP: Column = { key: 'trip', title: 'round trip', unit: 'µs', digits: 1, better: 'less' };

export const ring: Suite = {
  title: 'Ring',
  about:
    'One process sends messages and the other compares every byte of them; the time is from the ' +
    'first that came to the last. Unless told, they go by `trySend`, or `send` where there is no ' +
    'room, and come by `batches`; with `reserve` and `peek` they are used in the ring itself.',
  peers: ['gcc'],
  tables: [
    {
      id: 'ring-small',
      title: `Messages of ${SMALL} bytes`,
      short: `messages of ${SMALL} bytes`,
      about: '',
      ours: OURS,
      columns: [RATE],
    },
    {
      id: 'ring-large',
      title: 'Messages of 64 KiB',
      short: 'messages of 64 KiB',
      about: '',
      ours: 'sluice ring, reserve and peek',
      columns: [BYTES],
    },
    trip(
      'ring-trip',
      OURS,
      '',
      'Each is waited for before the next goes. As it comes, a ring looks again for up to ' +
        '30 µs before it sleeps, less often where that is in vain.',
    ),
    trip(
      'ring-sleep',
      SLEEPING,
      ', asleep',
      'With `spin: 0` an end never looks again: it sleeps at once, as the others do.',
    ),
    trip(
      'ring-spin',
      SPINNING,
      ', spinning',
      'An end looks again for up to 100 µs, every fifth time where that is in vain.',
    ),
  ],
  run: async (count) => {
    const { [SPINNING]: spinning = [], [SLEEPING]: asleep = [], ...rest } = await trips(count);
    const { [OURS]: _, ...others } = rest;
    return {
      'ring-small': await small(count),
      'ring-large': await large(count),
      'ring-trip': rest,
      'ring-sleep': { [SLEEPING]: asleep, ...others },
      'ring-spin': { [SPINNING]: spinning, [C]: rest[C] ?? [] },
    };
  },
};

function trip(id: string, ours: string, how: string, about: string): Table {
  const title = `A message of ${SMALL} bytes there and back${how}`;
  const short = `${SMALL} bytes there and back${how}`;
  return { id, title, short, about, ours, columns: [TRIP] };
}

const script = fileURLToPath(new URL('./ring-contender.js', import.meta.url));

function small(count: number): Promise<Rounds> {
  const contender = (name: string, way: string, messages: number): Contender => ({
    name,
    run: () => ({ rate: run('stream', way, messages, SMALL) / 1000 }),
  });
  const contenders = [
    contender(OURS, 'ring', 2_000_000),
    contender('sluice ring, send and for await', 'each', 2_000_000),
    contender('sluice ring, reserve and peek', 'place', 2_000_000),
    contender('process.send, JSON', 'json', 200_000),
    contender('process.send, advanced', 'advanced', 100_000),
  ];
  return rounds(contenders, count);
}

function large(count: number): Promise<Rounds> {
  const contender = (name: string, way: string, messages: number): Contender => ({
    name,
    run: () => ({ rate: (run('stream', way, messages, LARGE) * LARGE) / 1e9 }),
  });
  const contenders = [
    contender('sluice ring, reserve and peek', 'place', 100_000),
    contender(OURS, 'ring', 60_000),
    contender('process.send, advanced', 'advanced', 5_000),
  ];
  return rounds(contenders, count);
}

function trips(count: number): Promise<Rounds> {
  const program = compile('ring');
  const contender = (name: string, way: string, messages = TRIPS): Contender => ({
    name,
    run: () => ({ trip: run('trip', way, messages, SMALL) }),
  });
  const contenders = [
    contender(OURS, 'ring'),
    contender(SPINNING, 'spin', SPIN_TRIPS),
    contender(SLEEPING, 'sleep'),
    { name: C, run: () => timed(program) },
    contender('net, Unix socket', 'unix'),
    contender('net, TCP', 'tcp'),
    contender('process.send, advanced', 'advanced'),
  ];
  return rounds(contenders, count);
}

function run(task: string, way: string, messages: number, size: number): number {
  const parameters = [script, task, way, `${messages}`, `${size}`];
  return Number(execFileSync(process.execPath, parameters, { encoding: 'utf8' }));
}

function timed(program: string): Figures {
  return { trip: Number(execFileSync(program, [`${TRIPS}`, `${SMALL}`], { encoding: 'utf8' })) };
}
