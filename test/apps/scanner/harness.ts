import { mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { saveStore } from '../../../apps/scanner/save-store.ts';
import { type ScanOptions, type ScanOutcome, scanStore } from '../../../apps/scanner/scan-store.ts';
import { loadingOf } from '../../../shared/config/resolve-load.ts';
import type { ScanSettings } from '../../../shared/config/resolve-scan.ts';
import { openState, type State } from '../../../shared/state/open.ts';
import { tempDir } from '../../support/temp.ts';

export const HOUR_MS = 3_600_000;

const given = <Value>(value: Value) => ({ value, origin: { label: 'test', write: String } });

/** A store, and a state file, that scans of one test use. */
export class StoreOfTest {
  readonly root: string;
  readonly store: string;
  readonly state: State;
  settings: ScanSettings;
  /** By how much the clock of the next scan is ahead. */
  aheadMs = 0;

  constructor(t: TestContext, settings: Partial<ScanSettings> = {}) {
    this.root = tempDir(t);
    this.store = join(this.root, 'store');
    mkdirSync(this.store);
    this.state = openState(join(this.root, 'state.db'));
    t.after(() => this.state.close());
    this.settings = { ...this.#defaults('orders'), ...settings };
  }

  #defaults(table: string): ScanSettings {
    const into = `duckdb:${join(this.root, 't.duckdb')}`;
    const sink = loadingOf([{ into: given(into), table: given(table) }], undefined, '');
    return {
      statePath: join(this.root, 'state.db'),
      store: this.store,
      recursive: true,
      include: [],
      exclude: [],
      stabilityMs: 0,
      intervalMs: HOUR_MS,
      once: true,
      sink: { type: 'load', name: `scan:${into}:${table}`, ...sink },
      logLevel: 'silent',
      logFormat: 'json',
    };
  }

  /** From now on the table is this one. */
  into(table: string): void {
    this.settings = { ...this.settings, sink: this.#defaults(table).sink };
  }

  write(name: string, content = `id\n${name}\n`, mtimeMs?: number): string {
    const path = join(this.store, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    if (mtimeMs !== undefined) utimesSync(path, mtimeMs / 1000, mtimeMs / 1000);
    // In the millisecond in which it was changed a file is not complete: a scan in it would leave the file to the next one.
    const { ctimeMs } = statSync(path);
    while (Date.now() <= ctimeMs);
    return path;
  }

  scan(more: Partial<ScanOptions> = {}): Promise<ScanOutcome> {
    return scanStore({
      settings: this.settings,
      sinkId: saveStore(this.settings, this.state),
      state: this.state,
      clock: { nowMs: () => Date.now() + this.aheadMs, monotonicMs: () => performance.now() },
      kernel: { hasOpenWriter: () => 'no' },
      signal: new AbortController().signal,
      onRefused: (error) => {
        throw error;
      },
      ...more,
    });
  }

  /** The names of all files that were taken, by any sink, each as often as it was. */
  taken(): string[] {
    return this.state
      .prepare<[], string>('SELECT file_name FROM scanner JOIN load_task_files ON file_id = scanner.id')
      .pluck()
      .all()
      .map((name) => name.slice(this.store.length + 1))
      .sort();
  }

  markMs(): number | undefined {
    return this.state.prepare<[], number>('SELECT scanned_to_ms FROM scan_marks').pluck().get();
  }
}
