/**
 * The relay as a server: from a listener to the target and through a session, for each connection,
 * with the counts of all of them.
 */
import type { Engine } from '../../flow/engine.js';
import type { Limits } from '../../flow/pace.js';
import { type Outcome, Session } from '../../flow/session.js';
import { AbortError } from '../../kernel/error.js';
import { type Connecting, Connector } from './connector.js';
import { type Accepting, hangUp, type Listener } from './listener.js';
import { type ProxyVersion, proxyHeader } from './proxy.js';
import type { Place, Target } from './target.js';

export interface ServerOptions extends Limits {
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
  readonly proxyProtocol?: ProxyVersion | undefined;
}

/** What the server has done by now. */
export interface Counts {
  open: number;
  accepted: number;
  /** Closed for lack of descriptors. */
  turnedAway: number;
  /** The target could not be reached. */
  unreached: number;
  /** Ended by a reset, or by a limit of time. */
  cutOff: number;
  sent: number;
  received: number;
}

/** Who hears what goes wrong. */
export type Report = (error: Error) => void;

export class RelayServer implements Accepting {
  readonly counts: Counts = {
    open: 0,
    accepted: 0,
    turnedAway: 0,
    unreached: 0,
    cutOff: 0,
    sent: 0,
    received: 0,
  };
  readonly engine: Engine;
  readonly target: Target;
  readonly options: ServerOptions;
  readonly report: Report;
  readonly #listeners: Listener[] = [];
  readonly #links = new Set<Link>();
  #onEmpty: (() => void) | undefined = undefined;

  constructor(engine: Engine, target: Target, options: ServerOptions, report: Report) {
    this.engine = engine;
    this.target = target;
    this.options = options;
    this.report = report;
  }

  get open(): boolean {
    return this.counts.open < this.options.maxConnections;
  }

  add(listener: Listener): void {
    this.#listeners.push(listener);
  }

  accepted(fd: number, peer: Uint8Array, listener: Listener): void {
    this.counts.accepted++;
    this.counts.open++;
    const { proxyProtocol } = this.options;
    const { runtime } = this.engine;
    const header =
      proxyProtocol === undefined ? NOTHING : proxyHeader(runtime, proxyProtocol, fd, peer);
    const link = new Link(this, fd, listener.tcp, header);
    this.#links.add(link);
    link.begin();
  }

  turnedAway(): void {
    this.counts.turnedAway++;
    this.report(new Error('no descriptor is left for another connection: it was closed'));
  }

  /** A link is over. */
  ended(link: Link): void {
    this.#links.delete(link);
    this.counts.open--;
    for (const listener of this.#listeners) listener.roomAgain();
    if (this.counts.open === 0) this.#onEmpty?.();
  }

  /** Accepts what waits already and no more; resolves when the last connection has ended. */
  async drain(): Promise<void> {
    for (const listener of this.#listeners) listener.drain();
    if (this.counts.open === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  /** Accepts no more, and resets every connection. */
  abort(): void {
    for (const listener of this.#listeners) listener.close();
    for (const link of this.#links) link.abort();
  }
}

const NOTHING = new Uint8Array();

/** One accepted connection, and what it becomes. */
class Link implements Connecting {
  readonly #server: RelayServer;
  readonly #fd: number;
  readonly #tcp: boolean;
  #header: Uint8Array;
  #connector: Connector | undefined = undefined;
  #session: Session | undefined = undefined;
  #over = false;

  constructor(server: RelayServer, fd: number, tcp: boolean, header: Uint8Array) {
    this.#server = server;
    this.#fd = fd;
    this.#tcp = tcp;
    this.#header = header;
  }

  begin(): void {
    const places = this.#server.target.places();
    if (places instanceof Promise) void this.#await(places);
    else this.#connect(places);
  }

  connected(fd: number, tcp: boolean): void {
    this.#connector = undefined;
    const client = { fd: this.#fd, tcp: this.#tcp, nonBlocking: true, sole: true };
    const target = { fd, tcp, nonBlocking: true, sole: true };
    const { engine, options } = this.#server;
    this.#session = new Session(engine, client, target, (outcome) => this.#end(outcome));
    this.#session.forward.stage(this.#header);
    this.#header = NOTHING;
    this.#session.start(options);
  }

  refused(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#connector = undefined;
    this.#server.counts.unreached++;
    this.#server.report(error);
    hangUp(this.#server.engine.runtime.kernel, this.#fd);
    this.#server.ended(this);
  }

  abort(): void {
    if (this.#session !== undefined) {
      this.#session.fail(new AbortError());
      return;
    }
    this.#connector?.abort();
    this.refused(new AbortError());
  }

  async #await(places: Promise<readonly Place[]>): Promise<void> {
    try {
      this.#connect(await places);
    } catch (error) {
      this.refused(error as Error);
    }
  }

  #connect(places: readonly Place[]): void {
    if (this.#over) return;
    const { engine, options } = this.#server;
    this.#connector = new Connector(engine.runtime, places, options.connectTimeoutMs, this);
    this.#connector.next();
  }

  #end({ sent, received, reset, error }: Outcome): void {
    const { counts } = this.#server;
    counts.sent += sent;
    counts.received += received;
    if (reset || error !== undefined) counts.cutOff++;
    this.#over = true;
    this.#server.ended(this);
  }
}
