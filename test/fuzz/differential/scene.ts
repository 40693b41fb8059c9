/** What the maker of a sequence knows while it makes it: which names are open, and on what. */
import type { Random } from '../arguments/random.js';
import type { Kind, Name } from './step.js';

/** No sequence has this name: its descriptor is −1. */
export const NOBODY: Name = -1;

export class Scene {
  readonly kinds = new Map<Name, Kind>();
  #names = 0;

  constructor(readonly random: Random) {}

  /** A new name of this kind. */
  make(kind: Kind): Name {
    const name = this.#names++;
    this.kinds.set(name, kind);
    return name;
  }

  kindOf(name: Name): Kind {
    return this.kinds.get(name) ?? 'reader';
  }

  /** Whether a name of one of these kinds is open. */
  has(kinds: readonly Kind[]): boolean {
    for (const kind of this.kinds.values()) if (kinds.includes(kind)) return true;
    return false;
  }

  /** An open name, mostly of one of these kinds; now and then one that is closed. */
  pick(kinds: readonly Kind[]): Name {
    const { random } = this;
    if (random.chance(0.01)) return NOBODY;
    const all = [...this.kinds];
    const fit = random.chance(0.9) ? all.filter(([, kind]) => kinds.includes(kind)) : all;
    const list = fit.length > 0 ? fit : all;
    return list.length > 0 ? random.pick(list)[0] : NOBODY;
  }
}
