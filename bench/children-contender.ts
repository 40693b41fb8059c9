/** One way of joining two children: prints what it took as JSON. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { pipeline } from 'sluice';

const [way = '', bytes = '', program = '', folder = ''] = process.argv.slice(2);
const make = ['make', bytes];
const check = ['check', bytes];

/** Loaded before the time begins, as sluice is. */
const { execa } = way === 'execa' ? await import(moduleOf('execa')) : {};

const WAYS: Readonly<Record<string, () => Promise<string>>> = {
  async sluice() {
    const commands = [
      [program, ...make],
      [program, ...check],
    ] as const;
    const running = pipeline(commands, { stdout: 'pipe', capacity: 1 << 20 });
    const counted = await text(running.stdout as NodeJS.ReadableStream);
    await running;
    return counted;
  },
  async execa() {
    // Without it execa keeps all that passes, in lines too.
    const { stdout } = await execa(program, make, { buffer: false }).pipe(program, check);
    return stdout;
  },
  async streams() {
    const first = spawn(program, make, { stdio: ['ignore', 'pipe', 'inherit'] });
    const second = spawn(program, check, { stdio: ['pipe', 'pipe', 'inherit'] });
    first.stdout.pipe(second.stdin);
    const ended = Promise.all([once(first, 'exit'), once(second, 'exit')]);
    const counted = await text(second.stdout);
    await ended;
    return counted;
  },
};

const begun = performance.now();
const before = process.cpuUsage();
const counted = Number(await WAYS[way]?.());
const { user, system } = process.cpuUsage(before);
const seconds = (performance.now() - begun) / 1000;
const memory = (process.resourceUsage().maxRSS * 1024) / 1e6;
console.log(JSON.stringify({ counted, seconds, cpu: (user + system) / 1e6, memory }));

function moduleOf(name: string): string {
  return pathToFileURL(join(folder, 'node_modules', name, 'index.js')).href;
}
