/** What one batch added: for metrics and the progress line. */
export type Delta = {
  /** Taken into custody. */
  files: number;
  bytes: number;
  duplicates: number;
  failed: number;
  uploaded: number;
  uploadedBytes: number;
};

export const NO_DELTA: Delta = {
  files: 0,
  bytes: 0,
  duplicates: 0,
  failed: 0,
  uploaded: 0,
  uploadedBytes: 0,
};
