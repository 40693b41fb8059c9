export { SluiceError, SystemError } from './kernel/error.js';
export { linux } from './kernel/linux.js';
