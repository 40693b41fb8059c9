export { SluiceError, SystemError } from './kernel/error.js';
