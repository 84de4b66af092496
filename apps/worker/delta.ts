/** What one batch added: for metrics and the progress line. */
export type Delta = {
  /** Taken into custody. */
  files: number;
  bytes: number;
  duplicates: number;
  failed: number;
  uploaded: number;
  uploadedBytes: number;
  /** Into tables; the rows of them that are there, and those that are not. */
  loadedFiles: number;
  loadedRows: number;
  rejectedRows: number;
  /** Published in archives. */
  archivedFiles: number;
  archivedBytes: number;
};

export const NO_DELTA: Delta = {
  files: 0,
  bytes: 0,
  duplicates: 0,
  failed: 0,
  uploaded: 0,
  uploadedBytes: 0,
  loadedFiles: 0,
  loadedRows: 0,
  rejectedRows: 0,
  archivedFiles: 0,
  archivedBytes: 0,
};
