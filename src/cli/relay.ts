/**
 * `sluice relay LISTEN… TARGET`: a server that joins each connection it accepts with one of its own
 * to the target.
 */
import { Engine } from '../flow/engine.js';
import { linuxRuntime as runtime } from '../node/runtime.js';
import type { Address } from './connect.js';
import { EndpointError, parseEndpoint, showHost } from './endpoint.js';
import { failure, reason, UsageFailure } from './failure.js';
import { Listener } from './relay/listener.js';
import { Log } from './relay/log.js';
import { Reserve } from './relay/reserve.js';
import { RelayServer, type ServerOptions } from './relay/server.js';
import { Target } from './relay/target.js';

export interface RelayCommandOptions extends ServerOptions {
  readonly resolveTtlMs: number;
  readonly json: boolean;
}

/** Runs until SIGTERM has come and the last connection has ended. Throws a Failure. */
export async function relayCommand(
  endpoints: readonly string[],
  options: RelayCommandOptions,
): Promise<void> {
  if (endpoints.length < 2) throw new UsageFailure('give LISTEN and TARGET');
  const from = endpoints.slice(0, -1).map((text) => parse(text, true));
  const to = parse(endpoints.at(-1) as string, false);
  const [out, errors] = [new Log(runtime, 1), new Log(runtime, 2)];
  const engine = Engine.of(runtime);
  const target = new Target(runtime, to, options.resolveTtlMs);
  const server = new RelayServer(engine, target, options, (error) =>
    errors.line(`sluice: relay: ${endpoints.at(-1)}: ${reason(error)}`),
  );
  const reserve = new Reserve(runtime);
  const listeners = await listen(engine, from, server, reserve);
  for (const { address } of listeners) {
    out.line(options.json ? JSON.stringify({ listening: address }) : `Listening at ${address}`);
  }
  await serve(server, listeners, () => out.line(describe(server, options.json)));
  reserve.close();
  if (options.json) out.line(describe(server, true));
}

function parse(text: string, listening: boolean): Address {
  if (!/^(tcp|unix):/.test(text)) {
    throw new UsageFailure(`'${text}' is neither tcp:HOST:PORT nor unix:PATH`);
  }
  try {
    return parseEndpoint(text, listening) as Address;
  } catch (error) {
    if (error instanceof EndpointError) throw new UsageFailure(error.message);
    throw error;
  }
}

/** All of them, or none. */
async function listen(
  engine: Engine,
  endpoints: readonly Address[],
  server: RelayServer,
  reserve: Reserve,
): Promise<Listener[]> {
  const listeners: Listener[] = [];
  for (const endpoint of endpoints) {
    try {
      const listener = await Listener.at(engine, endpoint, server, reserve);
      listeners.push(listener);
      server.add(listener);
    } catch (error) {
      for (const listener of listeners) listener.close();
      throw failure(nameOf(endpoint), error);
    }
  }
  return listeners;
}

function nameOf(endpoint: Address): string {
  if (endpoint.kind === 'unix') return `unix:${endpoint.path}`;
  return `tcp:${showHost(endpoint.host)}:${endpoint.port}`;
}

/** SIGTERM lets the connections end, a second one and SIGINT do not; SIGUSR2 asks how it goes. */
async function serve(
  server: RelayServer,
  listeners: readonly Listener[],
  tell: () => void,
): Promise<void> {
  process.on('SIGUSR2', tell);
  const ended = await new Promise<'drained' | 'SIGINT'>((resolve) => {
    let draining = false;
    process.on('SIGTERM', () => {
      if (draining) server.abort();
      draining = true;
      void server.drain().then(() => resolve('drained'));
    });
    process.once('SIGINT', () => resolve('SIGINT'));
  });
  for (const listener of listeners) listener.close();
  process.off('SIGUSR2', tell);
  if (ended === 'drained') return;
  server.abort();
  process.kill(process.pid, 'SIGINT');
}

function describe({ counts, engine }: RelayServer, json: boolean): string {
  const { pages, idle } = engine.pipes;
  const all = { ...counts, pipePages: pages, idlePipes: idle.length };
  if (json) return JSON.stringify(all);
  return (
    `${all.open} connections open of ${all.accepted}; ${all.sent} bytes sent, ` +
    `${all.received} received; ${all.unreached} without a target, ${all.cutOff} cut off, ` +
    `${all.turnedAway} turned away`
  );
}
