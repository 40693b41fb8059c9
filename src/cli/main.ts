#!/usr/bin/env node
/**
 * The command. Exit status: 0 done, 1 it failed, 2 it was asked wrongly, 130 and 143 by SIGINT and
 * SIGTERM, 141 where the reader of its output went away.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { another, count, duration, folder, host, oneOf, port, size, workers } from './arguments.js';
import {
  EXIT_FAILURE,
  EXIT_PIPE,
  EXIT_SIGINT,
  EXIT_SIGTERM,
  EXIT_USAGE,
  Failure,
  isPipeGone,
  UsageFailure,
} from './failure.js';
import { complain, print } from './output.js';
import { OUTPUT_ERRORS, type OutputError, withMode } from './output-error.js';

const ENDPOINTS = `
SRC and DST are each one of:
  PATH                      a file, a FIFO, a device (./tcp:x for odd names)
  -                         standard input, standard output
  tcp:HOST:PORT             a connection; tcp:[::1]:80 for IPv6
  tcp-listen:HOST:PORT      the first connection that comes; port 0 takes a free one
  unix:PATH                 a Unix socket
  unix-listen:PATH          the first connection to a Unix socket made here`;

const PROXY = ['v1', 'v2'];

const RELAY = `
LISTEN and TARGET are each tcp:HOST:PORT, with tcp:[::1]:80 for IPv6, or unix:PATH. LISTEN can also
be systemd, the sockets that systemd passed (LISTEN_FDS), or systemd:NAME, those of that name.
Durations are written 500ms, 30s, 5m, 1h. Port 0 takes a free port; what is listened at is printed.
With --workers, each has an even part of --max-connections.
SIGTERM lets the open connections end and exits; SIGUSR2 prints how it goes.`;

const program = new Command('sluice')
  .description("Moves bytes on Linux by the kernel's own means.")
  .version(version(), '-V, --version');

program
  .command('copy')
  .description('copy everything from SRC to DST')
  .argument('<SRC>', 'where the bytes come from')
  .argument('<DST>', 'where they go; a file that exists is replaced')
  .option('--offset <N>', 'begin at this byte of SRC, which must be a file', size)
  .option('--limit <N>', 'copy at most so many bytes: 4096, 64K, 1.5M, 2G', size)
  .option('--idle-timeout <T>', 'fail when no byte has moved for so long: 500ms, 30s, 5m', duration)
  .option('--tee <DST>', 'copy there too, in the same pass; can be given again', another)
  .option('--json', 'print one line for a machine at the end: bytes, method, durationMs')
  .addHelpText('after', ENDPOINTS)
  .action(runCopy);

const OUTPUT_ERROR_HELP = `
MODE says what an error on an output does: warn, warn-nopipe, exit or exit-nopipe; with -nopipe an
output whose reader has gone is left out without a word. Without the option such an output ends the
command with status 141.`;

program
  .command('tee')
  .description('copy standard input to standard output and to each FILE')
  .argument('[FILE...]', 'what is written; a file that exists is replaced')
  .option('-a, --append', 'append to the files')
  .option('-i, --ignore-interrupts', 'ignore SIGINT')
  .option('-p', 'as --output-error=warn-nopipe')
  .addOption(new Option('--output-error <MODE>', 'see below').argParser(oneOf(OUTPUT_ERRORS)))
  .addHelpText('after', OUTPUT_ERROR_HELP)
  .action(runTee);

program
  .command('serve')
  .description('serve the files of a folder over HTTP')
  .argument('[DIR]', 'the folder', folder, '.')
  .option('--port <N>', 'where to listen; 0 takes a free port (default: 8080, or a free one)', port)
  .option('--host <H>', 'the address to listen on', host, '127.0.0.1')
  .action(runServe);

program
  .command('relay')
  .description('accept connections and join each with one to TARGET')
  .usage('[options] <LISTEN...> <TARGET>')
  .argument('[endpoints...]')
  .option('--max-connections <N>', 'how many at a time; more wait in the queue', count, 100_000)
  .option('--idle-timeout <T>', 'reset connections on which no byte moved for so long', duration)
  .option('--half-close-timeout <T>', 'the same, once one side has ended', duration)
  .addOption(
    new Option('--connect-timeout <T>', 'how long each address of the target is tried')
      .argParser(duration)
      .default(5000, '5s'),
  )
  .addOption(
    new Option('--resolve-ttl <T>', 'how long the addresses of a name are kept')
      .argParser(duration)
      .default(30_000, '30s'),
  )
  .option('--workers <N>', 'on how many threads, each with its part of the connections', workers, 1)
  .option('--proxy-protocol <V>', 'tell the target who the client is: v1 or v2', oneOf(PROXY))
  .option('--json', 'print lines for a machine')
  .addHelpText('after', RELAY)
  .action(runRelay);

interface CopyFlags {
  readonly tee?: readonly string[];
  readonly offset?: number;
  readonly limit?: number;
  readonly idleTimeout?: number;
  readonly json?: true;
}

async function runCopy(source: string, target: string, flags: CopyFlags): Promise<void> {
  const { copyCommand } = await import('./copy.js');
  const interrupted = new AbortController();
  let by: NodeJS.Signals | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      by = signal;
      interrupted.abort();
    });
  }
  try {
    process.exitCode = await copyCommand(source, target, {
      tees: flags.tee ?? [],
      offset: flags.offset,
      limit: flags.limit,
      idleTimeoutMs: flags.idleTimeout,
      json: flags.json === true,
      signal: interrupted.signal,
    });
  } catch (error) {
    if (by === undefined) throw error;
    dieBy(by);
  }
}

interface TeeFlags {
  readonly append?: true;
  readonly ignoreInterrupts?: true;
  readonly p?: true;
  readonly outputError?: OutputError;
}

async function runTee(files: string[], flags: TeeFlags): Promise<void> {
  const { teeCommand } = await import('./tee.js');
  if (flags.ignoreInterrupts) process.on('SIGINT', () => {});
  const outputError = flags.outputError ?? (flags.p && 'warn-nopipe');
  process.exitCode = await teeCommand(files, { append: flags.append === true, outputError });
}

async function runServe(
  directory: string,
  options: { port?: number; host: string },
): Promise<void> {
  const { serveCommand } = await import('./serve.js');
  // As the first process of a container nothing ends it by default: Linux asks for a handler.
  process.once('SIGINT', () => process.exit(EXIT_SIGINT));
  process.once('SIGTERM', () => process.exit(EXIT_SIGTERM));
  await serveCommand(directory, options);
}

async function runRelay(endpoints: string[], options: RelayOptions): Promise<void> {
  const { relayCommand } = await import('./relay.js');
  await relayCommand(endpoints, {
    maxConnections: options.maxConnections,
    idleTimeoutMs: options.idleTimeout,
    halfCloseTimeoutMs: options.halfCloseTimeout,
    connectTimeoutMs: options.connectTimeout,
    resolveTtlMs: options.resolveTtl,
    proxyProtocol: options.proxyProtocol,
    workers: options.workers,
    json: options.json === true,
  });
}

interface RelayOptions {
  readonly workers: number;
  readonly maxConnections: number;
  readonly idleTimeout?: number;
  readonly halfCloseTimeout?: number;
  readonly connectTimeout: number;
  readonly resolveTtl: number;
  readonly proxyProtocol?: 'v1' | 'v2';
  readonly json?: true;
}

/** To whoever waits for us the signal is the cause of death, as if it had never been caught. */
function dieBy(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

function version(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** Commander's own messages and status, in the shape of the rest: `sluice: copy: …`, 2. */
function speakAsUnix(command: Command): void {
  const words = command.parent === null ? ['sluice'] : ['sluice', command.name()];
  command.exitOverride().configureOutput({
    writeOut: print,
    writeErr: complain,
    outputError: (text, write) => write(`${words.join(': ')}: ${inWords(text)}`),
  });
  command.showHelpAfterError(`Try '${words.join(' ')} --help'.`);
  for (const child of command.commands) speakAsUnix(child);
}

/** Commander says what was wrong twice. */
function inWords(text: string): string {
  return text
    .replace(/^error: /, '')
    .replace(/^option '(?:-\w, )?(-[-\w]+)[^']*' argument '.*?' is invalid\. /s, '$1: ')
    .replace(/^command-argument value '.*?' is invalid for argument '\w+'\. /s, '')
    .replace(/^(too many arguments) for .* Expected (\d+) .* got (\d+)\./, '$1: $3 instead of $2');
}

function exitStatus(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (isPipeGone(error)) return EXIT_PIPE;
  const name = program.args[0] === undefined ? '' : `${program.args[0]}: `;
  complain(`sluice: ${name}${error instanceof Failure ? error.message : String(error)}`);
  if (!(error instanceof UsageFailure)) return EXIT_FAILURE;
  complain(`Try 'sluice ${program.args[0]} --help'.`);
  return EXIT_USAGE;
}

speakAsUnix(program);
try {
  await program.parseAsync(withMode(process.argv));
} catch (error) {
  process.exitCode = exitStatus(error);
}
