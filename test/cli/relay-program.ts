/** `sluice relay` as a child, with its clients and its target. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { showAddress } from '../../src/cli/connect.js';
import { encodeAddress } from '../../src/kernel/address.js';
import { linux } from '../../src/kernel/linux.js';
import { succeeds } from '../helpers/claims.js';
import { LOOPBACK, listener, socketFor, unkept } from '../helpers/sockets.js';
import { MAIN } from './program.js';

export interface Program {
  readonly child: ChildProcess;
  /** The next line of its standard output. */
  line(): Promise<string>;
  /** Ends it by the signal; resolves with its exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** `before` is said to the shell that becomes the program: a limit, a variable. */
export function start(
  parameters: readonly string[],
  before = '',
  descriptors: readonly number[] = [],
): Program {
  const command = `${before} exec "$0" "$@"`;
  const words = ['-c', command, process.execPath, MAIN, 'relay', ...parameters];
  const child = spawn('sh', words, { stdio: ['ignore', 'pipe', 'pipe', ...descriptors] });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[
    Symbol.asyncIterator
  ]();
  return {
    child,
    line: async () => String((await lines.next()).value),
    end: async (signal = 'SIGTERM') => {
      child.kill(signal);
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      return child.exitCode;
    },
  };
}

/** Where it listens then. */
export async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `tcp:127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export const echo = () =>
  createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });

/** Where connections are no longer answered: the queue of its listener is full. */
export function unanswered(): { address: string; close(): void } {
  const keeper = unkept(linux);
  const { fd: queue, address } = listener(keeper, LOOPBACK, { backlog: 0 });
  const only = socketFor(keeper, address);
  succeeds(linux.connect(only, encodeAddress(address)), 0);
  return {
    address: showAddress(address),
    close: () => [only, queue].forEach((fd) => void linux.close(fd)),
  };
}

export function dial(address: string): Socket {
  const [, port] = /:(\d+)$/.exec(address) ?? [];
  return port === undefined
    ? connect(address.slice('unix:'.length))
    : connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
}

/** Sends the text and its end; resolves with all that comes back. */
export async function ask(address: string, text: string): Promise<string> {
  const socket = dial(address);
  socket.end(text);
  let answer = '';
  for await (const piece of socket.setEncoding('latin1')) answer += piece;
  return answer;
}

/** What a line says where is listened. */
export const where = (line: string) => line.replace('Listening at ', '');
