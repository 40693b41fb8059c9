/** Descriptors in messages: those that are sent, and room for those that come. */
import * as p from './parameters.js';
import type { Kind, Name } from './step.js';

const KINDS: readonly Kind[] = [
  'reader',
  'writer',
  'stream',
  'packets',
  'file',
  'memory',
  'counter',
  'epoll',
];
const PIPES: readonly Kind[] = ['reader', 'writer'];

/** Names, in one case of ten one that is not open. */
export const sentFds: p.Parameter = {
  pick: (scene) => {
    const { random } = scene;
    const name = () => (random.chance(0.03) ? -1 : scene.pick(random.chance(0.5) ? PIPES : KINDS));
    return Array.from({ length: random.pick([0, 1, 1, 2, 3]) }, name);
  },
  make: (value, side) => Int32Array.from(value as readonly Name[], (name) => side.fd(name)),
  show: (value) => {
    const names = (value as readonly Name[]).map((name) => (name === -1 ? '-1' : `d${name}`));
    return `Int32Array.of(${names.join(', ')})`;
  },
  simpler: (value) => {
    const names = value as readonly Name[];
    return names.map((_, index) => names.toSpliced(index, 1));
  },
};

const rooms = p.oneOf(8, 1, 2, 0);

/** Room for so many, or none at all. The numbers are not compared. */
export const receivedFds: p.Parameter = {
  ...rooms,
  pick: (scene) => (scene.random.chance(0.1) ? null : rooms.pick(scene)),
  make: (value) => (value === null ? null : new Int32Array(value as number)),
  show: (value) => (value === null ? 'null' : `new Int32Array(${value})`),
  simpler: (value) => (value === null ? [8] : rooms.simpler(value)),
};

export const report: p.Parameter = p.words(() => new Int32Array(2), 'report');
