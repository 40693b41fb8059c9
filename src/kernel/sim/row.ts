/**
 * A call as a row: the kinds of its parameters and what it does with their values. The families
 * are tables of rows, from which the kernel makes plain calls and sleeping ones. This module is
 * browser compatible.
 */
import type { Call, Outcome } from './call.js';
import type { Kind, Values } from './decode.js';

export interface Row {
  readonly kinds: readonly Kind<unknown>[];
  /** Checks in the order of Linux, then answers, or answers the attempt that may have to wait. */
  readonly body: (call: Call, ...values: never[]) => Outcome;
}

/** The rows of a family: every call of its interface. */
export type Rows<Calls> = { readonly [Name in keyof Calls]: Row };

export function row<const Kinds extends readonly Kind<unknown>[]>(
  kinds: Kinds,
  body: (call: Call, ...values: Values<Kinds>) => Outcome,
): Row {
  return { kinds, body: body as Row['body'] };
}
