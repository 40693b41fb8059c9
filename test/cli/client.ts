/**
 * A client of HTTP/1.1 that shares nothing with Node's: it sends what it is told, and cuts what
 * comes back by the rules of RFC 9112 §6.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connectTo } from '../../src/cli/connect.js';
import { READABLE } from '../../src/fd/runtime.js';
import { EAGAIN } from '../../src/kernel/errno.js';
import { linuxRuntime } from '../../src/node/runtime.js';
import { text } from '../helpers/claims.js';

export interface Reply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

const HEAD_END = Buffer.from('\r\n\r\n');

export class Client {
  #bytes = Buffer.alloc(0);
  #pieces: Buffer[] = [];
  #end: Error | 'end' | undefined;
  #wake = () => {};

  private constructor(readonly socket: Socket) {
    socket.on('data', (piece: Buffer) => {
      this.#pieces.push(piece);
      this.#wake();
    });
    socket.on('end', () => this.#finish('end'));
    socket.on('error', (error) => this.#finish(error));
  }

  static async connect(port: number): Promise<Client> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Client(socket);
  }

  #finish(end: Error | 'end'): void {
    this.#end ??= end;
    this.#wake();
  }

  send(text: string): this {
    this.socket.write(text, 'latin1');
    return this;
  }

  /** Sends a request without a body. */
  ask(method: string, target: string, headers: Record<string, string> = {}): this {
    const lines = Object.entries({ host: 'h', ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    return this.send([`${method} ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
  }

  /** The next response. Rejects where the connection ends before its last byte. */
  async reply(method = 'GET'): Promise<Reply> {
    let end = this.#headEnd();
    while (end < 0) {
      await this.#more();
      end = this.#headEnd();
    }
    const [statusLine = '', ...lines] = this.#bytes.toString('latin1', 0, end).split('\r\n');
    const headers = new Map(lines.map((line) => cut(line)));
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
    const bodiless = method === 'HEAD' || status === 304 || status === 204;
    const length = bodiless ? 0 : Number(headers.get('content-length'));
    const start = end + HEAD_END.length;
    await this.#have(start + length);
    const body = Buffer.from(this.#bytes.subarray(start, start + length));
    this.#bytes = this.#bytes.subarray(start + length);
    return { status, headers, body };
  }

  /** Everything until the connection ends; how it ended is told by `error`. */
  async rest(): Promise<Buffer> {
    while (this.#end === undefined) await this.#arrival();
    this.#join();
    return this.#bytes;
  }

  /** Set when the connection was reset. */
  get error(): Error | undefined {
    return this.#end === 'end' ? undefined : this.#end;
  }

  close(): void {
    this.socket.destroy();
  }

  #join(): void {
    if (this.#pieces.length === 0) return;
    this.#bytes = Buffer.concat([this.#bytes, ...this.#pieces]);
    this.#pieces = [];
  }

  #headEnd(): number {
    const end = this.#bytes.indexOf(HEAD_END);
    if (end >= 0 || this.#pieces.length === 0) return end;
    this.#join();
    return this.#bytes.indexOf(HEAD_END);
  }

  async #have(length: number): Promise<void> {
    let have = this.#bytes.length;
    while (have < length) {
      const before = this.#pieces.length;
      if (before === 0) await this.#more();
      have = this.#bytes.length + this.#pieces.reduce((sum, piece) => sum + piece.length, 0);
      if (have < length && this.#pieces.length === before) await this.#more();
    }
    this.#join();
  }

  async #more(): Promise<void> {
    const before = this.#pieces.length;
    if (this.#end === undefined) await this.#arrival();
    if (this.#pieces.length > before) return;
    if (this.#end === undefined) return this.#more();
    throw this.#end === 'end' ? new Error('the connection ended early') : this.#end;
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function cut(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/**
 * A connection at the level of calls, for the question how it ended: Node's sockets may take a
 * reset that comes with data for an end.
 */
export class RawClient {
  private constructor(readonly fd: number) {}

  static async connect(port: number): Promise<RawClient> {
    const endpoint = { kind: 'tcp', host: '127.0.0.1', port, listen: false } as const;
    return new RawClient(await connectTo(linuxRuntime, endpoint, new AbortController().signal));
  }

  ask(target: string): void {
    linuxRuntime.kernel.send(this.fd, text(`GET ${target} HTTP/1.1\r\nhost: h\r\n\r\n`), 0);
  }

  /** Reads to the end and closes: how many bytes came, and 0 for FIN or −errno. */
  async drain(): Promise<{ bytes: number; end: number }> {
    const { kernel, poller } = linuxRuntime;
    const buffer = new Uint8Array(1 << 20);
    let bytes = 0;
    for (;;) {
      const count = kernel.recv(this.fd, buffer, 0);
      if (count > 0) bytes += count;
      else if (count === -EAGAIN) await poller.wait(this.fd, READABLE);
      else return this.#end({ bytes, end: count });
    }
  }

  #end<Result>(result: Result): Result {
    linuxRuntime.poller.forget(this.fd);
    linuxRuntime.kernel.close(this.fd);
    return result;
  }
}
