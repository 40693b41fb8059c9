/** The raw figures of each suite's last run, as JSON beside the pictures. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Rounds } from './rounds.js';

export interface Recorded {
  readonly date: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly tables: Readonly<Record<string, Rounds>>;
}

export function writeRecord(folder: string, name: string, recorded: Recorded): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(recorded, null, 1)}\n`);
}

/** Undefined for a suite that never ran. */
export function readRecord(folder: string, name: string): Recorded | undefined {
  const path = join(folder, `${name}.json`);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** The machine that figures belong to. */
export function machine(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const congestion = readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8');
  const system = readFileSync('/etc/os-release', 'utf8').match(/^PRETTY_NAME="(.*)"$/m)?.[1];
  return (
    `${cpus().length} × ${model} (${arch()}), ${memory} GiB, ${system ?? 'Linux'}, ` +
    `Linux ${release().split('-')[0]}, TCP by ${congestion.trim()}, Node ${process.versions.node}`
  );
}
