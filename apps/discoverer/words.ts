import type { WaitsFor } from '../../shared/queue/candidates.ts';

/** What a file waits for, for people. */
export const LACKS: Readonly<Record<WaitsFor, string>> = {
  stability: 'its writer to leave it alone',
  'second-look': 'a second look that finds it unchanged',
  sidecar: 'its sidecar',
  writer: 'its writer to close it',
};
