/** What the writers of one measurement are to write: told to a forked process as JSON, our writers and the others' alike. */
export type WriteOrder = {
  how: 'archives' | 'plain';
  /** Where it goes: the base of the archives, or the top of the plain files. */
  directory: string;
  /** A file of log lines, from which the contents are cut. */
  pool: string;
  files: number;
  sizeBytes: number;
  archives: number;
  processes: number;
  /** Which of the processes this one is: file n belongs to process n modulo `processes`. */
  process: number;
  /** Files that are being written at the same time, in each process. */
  inFlight: number;
  /** Plain files: each is fsynced before it counts, or none is. */
  isSynced: boolean;
  /** So that another order writes other files. */
  batch: string;
};

export type WriteReport = { files: number; peakBytes: number; cpuSeconds: number };

/** `a.zip`, `b.zip`, …: names with numbers at their ends are those of volumes. */
export const archiveName = (archive: number): string => String.fromCharCode('a'.charCodeAt(0) + archive);

/** The files of one process, with the archive and the path in it that each goes to. */
export function* filesOf(order: WriteOrder): Generator<{ n: number; archive: string; member: string }> {
  const { files, archives, processes, batch } = order;
  for (let n = order.process; n < files; n += processes) {
    const archive = archiveName(Math.floor(n / processes) % archives);
    yield { n, archive, member: `${batch}/worker-${order.process}/${String(n).padStart(7, '0')}.log` };
  }
}
