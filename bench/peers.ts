/**
 * The programs that sluice is measured against: Debian's must be installed, and are named where
 * they are not; those from npm come into the ignored cache, and are no dependency of the project.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const PROGRAMS = {
  HAProxy: { package: 'haproxy', command: ['haproxy', '-v'] },
  socat: { package: 'socat', command: ['socat', '-V'] },
  nginx: { package: 'nginx-light', command: ['nginx', '-v'] },
  pv: { package: 'pv', command: ['pv', '--version'] },
  'GNU coreutils': { package: 'coreutils', command: ['cp', '--version'] },
  Python: { package: 'python3-minimal', command: ['python3', '--version'] },
  gcc: { package: 'gcc', command: [process.env.CC ?? 'cc', '-dumpfullversion'] },
} as const;

const PACKAGES = { echarts: '6.1.0', execa: '9.6.1', koffi: '3.3.4', sirv: '3.0.2' } as const;

export type Program = keyof typeof PROGRAMS;
export type Package = keyof typeof PACKAGES;
export type Peer = Program | Package;

/** The Debian packages of those that are not here. */
export function missing(peers: readonly Peer[]): string[] {
  const absent = [...new Set(peers)].filter((name) => versionOf(name) === undefined);
  return absent.map((name) => PROGRAMS[name as Program].package);
}

export function versions(peers: readonly Peer[]): Record<string, string> {
  return Object.fromEntries(peers.map((name) => [name, versionOf(name) ?? 'missing']));
}

function versionOf(name: Peer): string | undefined {
  if (name in PACKAGES) return PACKAGES[name as Package];
  const [command, flag] = PROGRAMS[name as Program].command;
  const { status, stdout, stderr } = spawnSync(command, [flag], { encoding: 'utf8' });
  return status === 0 ? versionIn(stdout + stderr) : undefined;
}

/** The first thing in a program's own words that looks like a version. */
export function versionIn(text: string): string {
  return /\d+(\.\d+)+/.exec(text)?.[0] ?? 'of unknown version';
}

/** The folder from which a package can be required; fetched when the cache lacks it. */
export async function peer(name: Package): Promise<string> {
  const folder = resolve('.cache/peers', `${name}-${PACKAGES[name]}`);
  if (!existsSync(join(folder, 'node_modules', name))) {
    const { install } = await import(pathToFileURL(resolve('scripts/runtimes.mjs')).href);
    const ok: boolean = install(folder, [`${name}@${PACKAGES[name]}`]);
    if (!ok) throw new Error(`the peer ${name} cannot be fetched`);
  }
  return folder;
}
