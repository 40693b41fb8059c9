export * from './kernel/flags.js';
