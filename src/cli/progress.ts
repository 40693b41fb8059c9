/**
 * How far a copy is, on a terminal: amount, rate, and the time left where the end is known.
 */
import { fstatSync } from 'node:fs';
import { complain } from './output.js';

export interface Progress {
  update(bytes: number): void;
  /** A line on stderr, above the progress. */
  say(text: string): void;
  /** Leaves the terminal as it was, below the last state. */
  stop(): void;
}

/** Nobody watches. */
export const SILENT: Progress = { update: () => {}, say: complain, stop: () => {} };

/**
 * A progress line on stderr; nothing at all where that is no terminal. `total` in bytes, if known.
 */
export async function startProgress(
  total: number | undefined,
  now: () => number,
): Promise<Progress> {
  if (!(await isWatched())) return SILENT;
  const { SingleBar } = await import('cli-progress');
  const started = now();
  const bar = new SingleBar({
    stream: process.stderr,
    hideCursor: true,
    format: (_options, { value }) => formatProgress(value, total, now() - started),
  });
  bar.start(total ?? 0, 0);
  return {
    update: (bytes) => bar.update(bytes),
    // The line is wiped, and drawn again below with the next bytes.
    say: (text) => complain(`\r\x1b[K${text}`),
    stop: () => bar.stop(),
  };
}

/**
 * Whether stderr is a terminal. Asked of the number: to touch `process.stderr` makes a pipe there
 * non-blocking for all. What is no device is none, and spares the start of a copy node:tty.
 */
async function isWatched(): Promise<boolean> {
  return fstatSync(2).isCharacterDevice() && (await import('node:tty')).isatty(2);
}

const BAR_CELLS = 24;

/** One line: `[=====     ]  52%  1.0 GiB of 2.0 GiB  512 MiB/s  0:02 left`. */
export function formatProgress(
  bytes: number,
  total: number | undefined,
  elapsedMs: number,
): string {
  const perSecond = elapsedMs > 0 ? (bytes / elapsedMs) * 1000 : 0;
  const rate = `${formatBytes(perSecond)}/s`;
  if (total === undefined || total === 0) return `${formatBytes(bytes)}  ${rate}`;
  // A file that grows while it is copied is all there when it has what it had.
  const share = Math.min(bytes / total, 1);
  const cells = Math.floor(share * BAR_CELLS);
  const bar = `[${'='.repeat(cells)}${' '.repeat(BAR_CELLS - cells)}]`;
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const left = perSecond > 0 ? (total - Math.min(bytes, total)) / perSecond : undefined;
  const amount = `${formatBytes(bytes)} of ${formatBytes(total)}`;
  return `${bar} ${percent}  ${amount}  ${rate}  ${formatSeconds(left)} left`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** 1536 → '1.5 KiB': three digits at most, and one after the point below ten. */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let amount = bytes;
  while (amount >= 999.5 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${unit > 0 && amount < 9.95 ? amount.toFixed(1) : Math.round(amount)} ${UNITS[unit]}`;
}

function formatSeconds(seconds: number | undefined): string {
  if (seconds === undefined) return '--:--';
  const whole = Math.ceil(seconds);
  const clock = [Math.floor(whole / 60) % 60, whole % 60].map((n) => `${n}`.padStart(2, '0'));
  const hours = Math.floor(whole / 3600);
  return hours > 0 ? `${hours}:${clock.join(':')}` : clock.join(':');
}
