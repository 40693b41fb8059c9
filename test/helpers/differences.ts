/**
 * The rows that do not run on the sim kernel, and why: at most 25, and only those whose subject is
 * machine code, a signal's default action or speed, or which ask for what only Linux has.
 */
export const DIFFERENCES: Readonly<Record<string, string>> = {
  'POLL-09': 'speed: a plain call of the sim kernel does not wait, it answers EDEADLK',
  'OFFLOAD-12': 'machine code: it looks at the threads of the addon',
  'OFFLOAD-25': 'machine code: where the copy lies that the addon makes, as O_DIRECT asks for',
};
