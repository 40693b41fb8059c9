/**
 * `sluice relay LISTEN… TARGET`: a server that joins each connection it accepts with one of its own
 * to the target.
 */
import { PIPE_PAGES } from '../flow/pipes.js';
import { linuxRuntime as runtime } from '../node/runtime.js';
import type { Address } from './connect.js';
import { UsageFailure } from './failure.js';
import { type Crew, hire } from './relay/crew.js';
import { parseListen, parseTarget } from './relay/endpoints.js';
import { Gate } from './relay/gate.js';
import { Log } from './relay/log.js';
import { Sockets } from './relay/sockets.js';
import { describe, partOf } from './relay/tally.js';
import type { Job, WorkerOptions } from './relay/worker.js';

export interface RelayCommandOptions extends WorkerOptions {
  readonly workers: number;
  readonly json: boolean;
}

/** Runs until SIGTERM has come and the last connection has ended. Throws a Failure. */
export async function relayCommand(
  endpoints: readonly string[],
  options: RelayCommandOptions,
): Promise<void> {
  if (endpoints.length < 2) throw new UsageFailure('give LISTEN and TARGET');
  const from = endpoints.slice(0, -1).map(parseListen);
  const to = parseTarget(endpoints.at(-1) as string);
  if (options.maxConnections < options.workers) {
    throw new UsageFailure('--max-connections: less than one connection for each worker');
  }
  const sockets = await Sockets.open(runtime, from, options.workers);
  try {
    await serve(sockets, jobsOf(sockets, to, options), endpoints.at(-1) as string, options.json);
  } finally {
    sockets.removeFiles();
  }
}

/** What is allowed to the process is split among its workers. */
function jobsOf(sockets: Sockets, target: Address, options: RelayCommandOptions): Job[] {
  const { workers, maxConnections } = options;
  const gate = workers > 1 ? new Gate().memory : undefined;
  return sockets.shares.map((share, at) => ({
    sockets: share,
    target,
    options: { ...options, maxConnections: partOf(maxConnections, workers, at) },
    pipePages: partOf(PIPE_PAGES, workers, at),
    gate,
  }));
}

async function serve(
  sockets: Sockets,
  jobs: readonly Job[],
  target: string,
  json: boolean,
): Promise<void> {
  const [out, errors] = [new Log(runtime, 1), new Log(runtime, 2)];
  const crew = await hire(runtime, jobs, (what) =>
    errors.line(`sluice: relay: ${target}: ${what}`),
  );
  const tell = async () => out.line(describe(await crew.tallies(), json));
  process.on('SIGUSR2', tell);
  const ended = untilEnded(crew, sockets);
  await Promise.race([crew.ready, ended]);
  for (const address of sockets.addresses) {
    out.line(json ? JSON.stringify({ listening: address }) : `Listening at ${address}`);
  }
  const how = await ended;
  process.off('SIGUSR2', tell);
  if (how === 'SIGINT') process.kill(process.pid, 'SIGINT');
  else if (json) await tell();
}

/**
 * SIGTERM lets the connections end, a second one and SIGINT do not. Nobody new finds a Unix socket
 * before the last of its queue is accepted.
 */
function untilEnded(crew: Crew, sockets: Sockets): Promise<'drained' | 'SIGINT'> {
  return new Promise((resolve, reject) => {
    let draining = false;
    crew.death.catch(reject);
    process.on('SIGTERM', () => {
      sockets.removeFiles();
      const over = draining ? crew.abort() : crew.drain();
      draining = true;
      void over.then(() => resolve('drained'));
    });
    process.once('SIGINT', () => {
      sockets.removeFiles();
      void crew.abort().then(() => resolve('SIGINT'));
    });
  });
}
