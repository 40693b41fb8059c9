export type {
  Inet6Address,
  InetAddress,
  OtherAddress,
  SocketAddress,
  UnixAddress,
} from './kernel/address.js';
export * from './kernel/flags.js';
export * from './sys/dup.js';
export * from './sys/event.js';
export * from './sys/fcntl.js';
export * from './sys/file/extent.js';
export * from './sys/file/limit.js';
export * from './sys/file/open.js';
export * from './sys/file/stat.js';
export * from './sys/file/transfer.js';
export * from './sys/io.js';
export * from './sys/mm/map.js';
export * from './sys/mm/pages.js';
export * from './sys/pipe.js';
export * as promises from './sys/promises.js';
export * from './sys/socket/connection.js';
export * from './sys/socket/listener.js';
export * from './sys/socket/message.js';
export * from './sys/socket/option.js';
export * from './sys/socket/passing.js';
export * from './sys/vector.js';
