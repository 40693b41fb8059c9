import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { collect, type Registered } from './registry.js';

const FOLDER = join(dirname(dirname(fileURLToPath(import.meta.url))), 'kernel');

/** The compiled files in which there are rows. */
export function rowFiles(): string[] {
  return readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.js'))
    .map((file) => join(FOLDER, file))
    .filter((file) => readFileSync(file, 'utf8').includes('helpers/conformance.js'))
    .sort();
}

/** Every row of every kernel. From now on this process registers no row to be run. */
export async function allRows(): Promise<readonly Registered[]> {
  const rows = collect();
  for (const file of rowFiles()) await import(pathToFileURL(file).href);
  return rows;
}
