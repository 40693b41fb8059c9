/**
 * The programs that sluice is measured against, from npm, in the ignored cache: no dependency of
 * the project.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const VERSIONS = { execa: '9.6.1', koffi: '3.3.4', sirv: '3.0.2' } as const;

/** The folder from which the peer can be required; fetched when the cache lacks it. */
export async function peer(name: keyof typeof VERSIONS): Promise<string> {
  const folder = resolve('.cache/peers', `${name}-${VERSIONS[name]}`);
  if (!existsSync(join(folder, 'node_modules', name))) {
    const { install } = await import(pathToFileURL(resolve('scripts/runtimes.mjs')).href);
    const ok: boolean = install(folder, [`${name}@${VERSIONS[name]}`]);
    if (!ok) throw new Error(`the peer ${name} cannot be fetched`);
  }
  return folder;
}
