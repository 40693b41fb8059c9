/**
 * `sluice serve [DIR]`: the files of a folder over HTTP, each body by sendfile(2).
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { linuxRuntime as runtime } from '../node/runtime.js';
import { showHost } from './endpoint.js';
import { failure, reason } from './failure.js';
import { complain, print } from './output.js';
import { openRoot, type Root } from './serve/root.js';
import { fileListener } from './serve/server.js';

export interface ServeCommandOptions {
  readonly host: string;
  /** 0 takes any free one; so does leaving it out, where the usual one is taken. */
  readonly port?: number | undefined;
}

const USUAL_PORT = 8080;

/** Runs the command: resolves when the server listens, and leaves it to serve. Throws a Failure. */
export async function serveCommand(
  directory: string,
  { host, port }: ServeCommandOptions,
): Promise<Server> {
  const root = holdRoot(directory);
  // Opens the door of sleep: where descriptors run out later, its eventfd could not be had.
  await runtime.offload('fdatasync', [-1]);
  const report = (error: unknown, target: string) =>
    complain(`sluice: serve: ${encodeURI(target)}: ${reason(error)}`);
  const server = createServer(fileListener({ runtime, root, report }));
  await listen(server, host, port);
  const { address, port: chosen } = server.address() as AddressInfo;
  print(`Serving ${directory} at http://${showHost(address)}:${chosen}/`);
  return server;
}

function holdRoot(directory: string): Root {
  try {
    return openRoot(runtime, directory);
  } catch (error) {
    throw failure(directory, error);
  }
}

async function listen(server: Server, host: string, port: number | undefined): Promise<void> {
  try {
    await tryListen(server, host, port ?? USUAL_PORT);
  } catch (error) {
    const isBusy = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    if (port !== undefined || !isBusy)
      throw failure(`${showHost(host)}:${port ?? USUAL_PORT}`, error);
    await tryListen(server, host, 0);
  }
}

async function tryListen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}
