import type { State } from '../state/open.ts';

/** How far the store of a sink was scanned. */
export type ScanMark = {
  /** Every file that was complete and had its last change before this was taken, or was there before the first scan looked back. */
  scannedToMs: number;
  /** Modification time of the newest file that was taken, ISO 8601; undefined where none was. */
  lastFileModifiedTime: string | undefined;
};

type Row = { scanned_to_ms: number; last_file_modified_time: string | null };

/** The marks of the stores that are scanned, one a sink. Call its methods inside a transaction. */
export class ScanMarks {
  readonly #begin;
  readonly #get;
  readonly #advance;

  constructor(state: State) {
    // A mark that lies ahead was set by a clock that has been set back since: what came in between would never be in a window.
    this.#begin = state.prepare(`
      INSERT INTO scan_marks (sink_id, scanned_to_ms) VALUES (@sinkId, @firstMs)
      ON CONFLICT (sink_id) DO UPDATE SET scanned_to_ms = min(scanned_to_ms, @nowMs)`);
    this.#get = state.prepare<[number], Row>(
      'SELECT scanned_to_ms, last_file_modified_time FROM scan_marks WHERE sink_id = ?',
    );
    this.#advance = state.prepare(`
      UPDATE scan_marks SET scanned_to_ms = max(scanned_to_ms, @toMs),
        last_file_modified_time = CASE
          WHEN @last IS NULL OR last_file_modified_time > @last THEN last_file_modified_time ELSE @last END
      WHERE sink_id = @sinkId`);
  }

  /**
   * The mark that a scan begins at: `firstMs` where there was none, and that is kept, so that what a first scan did not come to is still
   * looked for however much later the next one is.
   */
  begin(sinkId: number, { firstMs, nowMs }: { firstMs: number; nowMs: number }): ScanMark {
    this.#begin.run({ sinkId, firstMs, nowMs });
    const mark = this.get(sinkId);
    if (mark === undefined) throw new Error('a mark that was written is there');
    return mark;
  }

  get(sinkId: number): ScanMark | undefined {
    const row = this.#get.get(sinkId);
    return row === undefined
      ? undefined
      : { scannedToMs: row.scanned_to_ms, lastFileModifiedTime: row.last_file_modified_time ?? undefined };
  }

  /** A scan has ended whole. Never goes back: of two at once, each has taken all that is before its own. */
  advance(sinkId: number, { scannedToMs, lastFileModifiedTime }: ScanMark): void {
    this.#advance.run({ sinkId, toMs: scannedToMs, last: lastFileModifiedTime ?? null });
  }
}
