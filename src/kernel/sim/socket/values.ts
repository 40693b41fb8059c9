/** The values of a socket's options, as accept(2) hands them down. Browser compatible. */

/** net.core.wmem_default, which is charged with what is under way and not read yet. */
const DEFAULT_BUFFER_BYTES = 212_992;

export class OptionValues {
  sendBufferBytes = DEFAULT_BUFFER_BYTES;
  receiveBufferBytes = DEFAULT_BUFFER_BYTES;
  /** SO_SNDBUF was set: from then on the buffer does not grow by itself. */
  isSendBufferFixed = false;
  /** SO_SNDTIMEO and SO_RCVTIMEO; 0: for ever. */
  sendTimeoutMs = 0;
  receiveTimeoutMs = 0;
  /** SO_LINGER */
  lingers = false;
  lingerSeconds = 0;
  /** TCP_CONGESTION: a name that is kept. */
  congestion = 'reno';
  /** The options that are one int, where they differ from the default. */
  readonly #ints = new Map<string, number>();

  int(name: IntName): number {
    return this.#ints.get(name) ?? DEFAULTS[name];
  }

  setInt(name: IntName, value: number): void {
    this.#ints.set(name, value);
  }

  /** Whether an option that is on or off is on. */
  isOn(name: IntName): boolean {
    return this.int(name) !== 0;
  }

  /** What a connection has of its listener. */
  inherit(listener: OptionValues): void {
    const { sendBufferBytes, receiveBufferBytes, isSendBufferFixed } = listener;
    const { sendTimeoutMs, receiveTimeoutMs, lingers, lingerSeconds, congestion } = listener;
    Object.assign(this, { sendBufferBytes, receiveBufferBytes, isSendBufferFixed });
    Object.assign(this, { sendTimeoutMs, receiveTimeoutMs, lingers, lingerSeconds, congestion });
    for (const [name, value] of listener.#ints) this.#ints.set(name, value);
  }
}

const DEFAULTS = {
  reuseAddress: 0,
  reusePort: 0,
  broadcast: 0,
  keepAlive: 0,
  oobInline: 0,
  noDelay: 0,
  cork: 0,
  keepIdle: 7200,
  keepInterval: 75,
  keepCount: 9,
  deferAccept: 0,
  userTimeout: 0,
  v6Only: 0,
};

export type IntName = keyof typeof DEFAULTS;
