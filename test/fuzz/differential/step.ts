/** A sequence of calls as plain data, which runs on any kernel and can be cut down. */

/** A descriptor by the order in which the sequence made it: its number differs between kernels. */
export type Name = number;

/** What a parameter is made of: see the parameter's own type. */
export type Value = number | string | null | readonly Value[];

export interface Step {
  readonly call: string;
  readonly values: readonly Value[];
  /** The names of the descriptors that it makes. */
  readonly makes: readonly Name[];
  /** poll(2) is not asked after it, which leaves traces in what it looks at. */
  readonly isQuiet: boolean;
}

/** What a descriptor is open on, as far as the choice of calls wants to know. */
export type Kind =
  | 'reader'
  | 'writer'
  | 'file'
  | 'memory'
  | 'stream'
  | 'packets'
  | 'counter'
  | 'epoll'
  | 'mapping';
