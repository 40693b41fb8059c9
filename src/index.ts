export { Fd, type Half, type TransferOptions } from './fd/fd.js';
export type { OpenFlags, OpenOptions } from './fd/open.js';
export type { ReceivedFds, ReceiveFdsOptions, SendFdsOptions } from './fd/passing.js';
export type { PairType, Pipe, PipeOptions, SocketPair, SocketPairOptions } from './fd/pipe.js';
export type { CopyOptions, CopyResult } from './flow/copy-options.js';
export type { RelayOptions, RelayResult } from './flow/relay-options.js';
export type { Method } from './flow/route.js';
export type { TeeMethod } from './flow/tee/branch.js';
export type {
  Fate,
  TeeFailure,
  TeeOptions,
  TeeResult,
  TeeTargetResult,
} from './flow/tee/options.js';
export type {
  CopyTrace,
  Ending,
  RelayTrace,
  TeeTrace,
  TracedKind,
} from './flow/traced.js';
export { AbortError, SluiceError, SystemError } from './kernel/error.js';
export { linux } from './kernel/linux.js';
export type { Advice } from './memory/advice.js';
export type { Mappable } from './memory/file.js';
export type { HeldLock, LockMode, LockOptions } from './memory/lock.js';
export type { MirrorOptions } from './memory/map.js';
export type { FlushOptions, Mapping } from './memory/mapping.js';
export type { Access, MapOptions } from './memory/options.js';
export type { Reservation } from './memory/reservation.js';
export type { RingOptions } from './memory/ring/create.js';
export type { RingEnd } from './memory/ring/end.js';
export { RingError } from './memory/ring/error.js';
export type {
  BatchOptions as RingBatchOptions,
  ReceiverOptions as RingReceiverOptions,
} from './memory/ring/receiver.js';
export type {
  Message as RingMessage,
  SenderOptions as RingSenderOptions,
} from './memory/ring/sender.js';
export type {
  OpenSharedMemoryOptions,
  Seal,
  SharedMemoryOptions,
} from './memory/shared-options.js';
export type { WaitOptions, WaitResult } from './memory/word.js';
export type {
  AsBytes,
  AsText,
  ForkWithFd,
  SpawnWithFd,
  Stdio,
  SyncWithFd,
} from './node/children.js';
export { type CopySource, type CopyTarget, copy } from './node/copy.js';
export { adopt, open, pipe, socketPair } from './node/descriptors.js';
export { ioSignals } from './node/io-signals.js';
export { map, mirror, reserve } from './node/memory.js';
export {
  type ChildResult,
  type Command,
  type Pipeline,
  type PipelineResult,
  pipeline,
} from './node/pipeline.js';
export type { PipelineOptions } from './node/pipeline-options.js';
export { type Endpoint, relay } from './node/relay.js';
export { RingChannel, RingReceiver, RingSender } from './node/ring.js';
export { SharedMemory } from './node/shared-memory.js';
export type { Adoptable } from './node/sockets.js';
export { duplex, readable, type StreamOptions, writable } from './node/streams.js';
export { type TeeSource, type TeeTarget, tee } from './node/tee.js';
export type { IoSignal, IoSignalOptions } from './poll/io-signals.js';
