/**
 * Node's modules in the bundle of the rows: what helpers ask when they are loaded, for the machine
 * that the sim kernel is. Anything else is an error where it is called, so that no row can reach
 * around its subject.
 */

/** The machine and the user that the sim kernel has. */
export const process = { arch: 'x64', env: { SLUICE_POLLER: 'browser' }, getuid: () => 0 };

const MODULES: Readonly<Record<string, object>> = {
  os: { networkInterfaces: () => ({ lo: [{ address: '127.0.0.1' }, { address: '::1' }] }) },
  path: { join: (...parts: string[]) => parts.join('/') },
  process,
  child_process: { spawnSync: () => ({ status: 127 }) },
  fs: { accessSync: () => {}, constants: { W_OK: 2 }, readFileSync },
  // What a row lets go on beside a sleeping call; nobody in a browser tells the listeners.
  'dns/promises': { lookup: async () => ({ address: '127.0.0.1' }) },
  'fs/promises': { readFile: async () => 'sluice' },
  events: { getEventListeners: () => [] },
  // A test that is no row is not of this run.
  test: { test: () => {} },
};

/** A module by its name without `node:`, for a bundler: every name is there. */
export function module(name: string): object {
  const there: object = MODULES[name] ?? {};
  const get = (_: object, member: string) => Reflect.get(there, member) ?? absent(name, member);
  return Object.create(new Proxy({}, { get }));
}

/** Root's capabilities, and no other file. */
function readFileSync(path: string): string {
  if (path !== '/proc/self/status') throw new Error(`a browser has no ${path}`);
  return 'CapEff:\t000001ffffffffff\n';
}

function absent(name: string, member: string) {
  return () => {
    throw new Error(`a browser has no ${member} of node:${name}`);
  };
}
