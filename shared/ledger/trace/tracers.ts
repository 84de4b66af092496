import type { State } from '../../state/open.ts';

/** What another part of the program did with a committed file: one line for a person, and the same for machines. */
export type TraceRecord = {
  what: string;
  atMs: number | undefined;
  text: string;
  details: Record<string, unknown>;
};

/** Asks one part of the program, which keeps its own table, about one row of the ledger. */
export type Tracer = (state: State, ledgerId: number) => TraceRecord[];

/** Everyone who keeps records of committed files, in the order in which they are shown. */
export const TRACERS: readonly Tracer[] = [];
