/** Parameters that are in mappings. None reaches beyond its mapping: what is there is not known. */
import * as p from './parameters.js';
import type { Mapping } from './side.js';
import type { Kind, Name, Value } from './step.js';

const PAGE = 4096;
/** Where nothing is mapped. */
const NOWHERE: Mapping = { address: 8, length: 2 * PAGE };
const INSIDE = p.oneOf(0, 1, 100, PAGE - 100, PAGE - 1, PAGE, 5000);
const starts = p.oneOf(0, PAGE, 2 * PAGE, 1);
const kinds: readonly Kind[] = ['mapping'];

/** More than one argument of a call. */
export class Several {
  constructor(readonly values: readonly unknown[]) {}
}

interface Place {
  readonly address: number;
  readonly length: number;
}

/** A place in a mapping: [name, offset, length]. */
function placed(
  lengths: p.Parameter,
  give: (place: Place) => unknown,
  offsets = INSIDE,
): p.Parameter {
  return {
    pick: (scene) => [scene.pick(kinds), offsets.pick(scene), lengths.pick(scene)],
    make: (value, side) => {
      const [name, offset, length] = value as [Name, number, number];
      const mapping = side.mapping(name) ?? NOWHERE;
      const start = Math.min(offset, mapping.length);
      const room = mapping.length - start;
      return give({ address: mapping.address + start, length: Math.min(length, room) });
    },
    show: (value) => {
      const [name, offset, length] = value as [Name, number, number];
      return `...at(d${name}, ${offset}, ${length})`;
    },
    simpler: (value) => {
      const [name, offset, length] = value as [Name, number, number];
      return [
        ...offsets.simpler(offset).map((one) => [name, one, length]),
        ...lengths.simpler(length).map((one) => [name, offset, one]),
      ];
    },
    mappingOf: (value) => (value as [Name])[0],
  };
}

/** A pointer and a length, for read(2) and write(2). */
export const memory: p.Parameter = placed(p.length, ({ address, length }) =>
  BigUint64Array.of(BigInt(address), BigInt(length)),
);

/** Address and length of pages. */
export const pages: p.Parameter = placed(
  p.oneOf(PAGE, 1, 2 * PAGE, 4 * PAGE),
  ({ address, length }) => new Several([address, length]),
  starts,
);

/** The address, for as many bytes as the other argument has at most. */
export function addressFor(bytes: number): p.Parameter {
  return placed(p.oneOf(bytes), ({ address, length }) =>
    length < bytes ? NOWHERE.address : address,
  );
}

/** All of a mapping. */
export const whole: p.Parameter = {
  pick: (scene) => scene.pick(kinds),
  make: (value, side) => {
    const { address, length } = side.mapping(value as Name) ?? NOWHERE;
    return new Several([address, length]);
  },
  show: (value: Value) => `...all(d${value})`,
  simpler: () => [],
  mappingOf: (value) => value as Name,
};
