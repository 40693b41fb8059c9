/** The suites by name, in the order of the page. */
import { calls } from './calls.js';
import { children } from './children.js';
import { copy } from './copy.js';
import { map } from './map.js';
import { relay } from './relay.js';
import { ring } from './ring.js';
import { serve } from './serve.js';
import { sim } from './sim.js';
import { startup } from './startup.js';
import type { Suite } from './suite.js';
import { tee } from './tee.js';

export const SUITES: Readonly<Record<string, Suite>> = {
  relay,
  copy,
  tee,
  children,
  serve,
  map,
  ring,
  calls,
  startup,
  sim,
};
