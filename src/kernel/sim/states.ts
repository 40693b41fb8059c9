/**
 * What `inspect` says of each kind of object, as plain data that JSON takes. Browser compatible.
 */

/** The kinds of objects, and what there is to say of each. */
export interface ObjectStates {
  readonly pipe: PipeState;
  readonly file: FileState;
  readonly directory: NameState;
  readonly link: NameState;
  readonly fifo: NameState;
  readonly 'socket file': NameState;
  /** /dev/null and the like. */
  readonly device: NameState;
  /** A file of /proc or /sys. */
  readonly text: NameState;
  readonly socket: SocketState;
  readonly eventfd: CounterState;
  readonly eventpoll: EpollState;
  readonly terminal: NoState;
  /** The memory of a mapping with MAP_HUGETLB. */
  readonly 'huge memory': NoState;
}

export type ObjectKind = keyof ObjectStates;
export type ObjectState = ObjectStates[ObjectKind];

export interface PipeState {
  readonly inode: number;
  /** How many slots it may have: its capacity in pages. */
  readonly slotLimit: number;
  /** How many descriptions are open for reading. */
  readonly readers: number;
  readonly writers: number;
  /** The oldest first: what is read next. */
  readonly slots: readonly SlotState[];
}

/** A piece of a page. */
export interface PieceState {
  /** The page's place in `pages` of the snapshot. */
  readonly page: number;
  /** Where in the page its bytes begin, and how many there are. */
  readonly offset: number;
  readonly length: number;
}

export interface SlotState extends PieceState {
  /** A write may go on behind its bytes. */
  readonly isMergeable: boolean;
  /** O_DIRECT: one read takes no more than this. */
  readonly isPacket: boolean;
}

/** What has a name in the tree. */
export interface NameState {
  readonly inode: number;
  readonly path: string;
  /** How many names it has. */
  readonly links: number;
}

export interface FileState extends NameState {
  /** In decimal. */
  readonly size: string;
  /** In units of 512 bytes, as stat(2) has them. */
  readonly blocks: number;
  /** The page cache: which page of the file is which place in `pages`. */
  readonly pages: readonly { readonly index: number; readonly page: number }[];
}

/** A socket; what only some kinds have is optional. */
export interface SocketState {
  readonly inode: number;
  readonly domain: number;
  readonly type: number;
  readonly protocol: number;
  /** SO_ERROR. */
  readonly error: number;
  readonly isReadShut: boolean;
  readonly isWriteShut: boolean;
  readonly isListening: boolean;
  /** Of AF_INET and AF_INET6: address and port. */
  readonly local?: string;
  readonly remote?: string | null;
  /** Of stream and SOCK_SEQPACKET sockets: how far the connection is. */
  readonly state?: string;
  /** Of TCP: how many bytes were read so far. */
  readonly position?: number;
  /** Of TCP: how many connections wait to be accepted. */
  readonly waiting?: number;
  /** Of streams: what waits to be read. */
  readonly received?: readonly PieceState[];
  /** Of packets: how many wait to be read, and their bytes. */
  readonly packets?: number;
  readonly bytes?: number;
}

export interface CounterState {
  /** In decimal. */
  readonly value: string;
  readonly isSemaphore: boolean;
}

export interface EpollState {
  readonly items: readonly EpollItemState[];
  /** The numbers of those that may have events, in the order in which they are reported. */
  readonly ready: readonly number[];
}

export interface EpollItemState {
  readonly fd: number;
  readonly events: number;
  /** In decimal. */
  readonly data: string;
}

export type NoState = Readonly<Record<string, never>>;
