/**
 * `sluice tee --output-error[=MODE]`. In a file of its own, for the command line is read before the
 * command is loaded.
 */

/** What a write error does. Without: as `warn`, and a reader that has gone ends everything. */
export const OUTPUT_ERRORS = ['warn', 'warn-nopipe', 'exit', 'exit-nopipe'] as const;
export type OutputError = (typeof OUTPUT_ERRORS)[number];

/**
 * The command line with the MODE written out where it was left out: the next word is never meant,
 * but commander would take it.
 */
export function withMode(words: readonly string[]): string[] {
  const end = words.indexOf('--');
  return words.map((word, at) =>
    word === '--output-error' && (end < 0 || at < end) ? `${word}=warn-nopipe` : word,
  );
}
