import type { LineSink } from '../../../shared/log/sync-sink.ts';

/** Where log lines and the live line go. */
export type Stderr = LineSink & {
  /** Whether a person looks at it: then there is a live line, and the children write through the supervisor. */
  isTerminal: boolean;
  /** Columns of the terminal now. */
  width(): number;
};
