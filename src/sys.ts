export * from './kernel/flags.js';
export * from './sys/dup.js';
export * from './sys/event.js';
export * from './sys/fcntl.js';
export * from './sys/io.js';
export * from './sys/pipe.js';
export * from './sys/vector.js';
