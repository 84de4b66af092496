import { EventEmitter, once } from 'node:events';
import { readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { runSupervisor } from '../../../apps/supervisor/main.ts';
import type { SupervisorOptions } from '../../../apps/supervisor/parts.ts';
import type { Stderr } from '../../../apps/supervisor/terminal/stderr.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { Settings, UploadRouteSettings } from '../../../shared/config/settings.ts';
import type { ExitCode } from '../../../shared/errors.ts';
import type { QueueStats } from '../../../shared/queue/inspect/stats.ts';
import { tempDir } from '../../support/temp.ts';
import type { Script } from './fixtures/script.ts';

export type LogRecord = { event: string; level: string; name?: string; [field: string]: unknown };

/** A stderr that remembers what was written, and calls back for each record. */
export class RecordedStderr implements Stderr {
  isTerminal = false;
  text = '';
  readonly #lines = new EventEmitter();
  readonly records: LogRecord[] = [];

  width(): number {
    return 60;
  }

  write(lines: string): void {
    this.text += lines;
    for (const line of lines.split('\n')) {
      const json = line.slice(line.indexOf('{'));
      if (!json.startsWith('{"level"')) continue;
      const record: LogRecord = JSON.parse(json.slice(0, json.lastIndexOf('}') + 1));
      this.records.push(record);
      this.#lines.emit('record');
    }
  }

  /** Resolves with the records that fit once there are `count` of them. */
  async until(fits: (record: LogRecord) => boolean, count = 1): Promise<LogRecord[]> {
    for (;;) {
      const found = this.records.filter(fits);
      if (found.length >= count) return found;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#lines.once('record', resolve);
      await promise;
    }
  }
}

export const event =
  (name: string) =>
  (record: LogRecord): boolean =>
    record.event === name;

export const NO_STATS: QueueStats = {
  depth: 0,
  ready: 0,
  delayed: 0,
  leased: 0,
  failed: 0,
  candidates: 0,
  overdue: 0,
  committed: 0,
  committedBytes: 0,
  duplicates: 0,
  uploaded: 0,
  uploadedBytes: 0,
  oldestReadySeconds: undefined,
  filesPerSecond: 0,
  bytesPerSecond: 0,
  leases: [],
  kinds: {},
};

export const settingsIn = (directory: string): Settings => ({
  statePath: join(directory, 'state.db'),
  workers: 2,
  concurrency: 1,
  leaseMs: 1000,
  maxAttempts: 5,
  queueLimit: 100,
  stopMs: 5000,
  logLevel: 'debug',
  logFormat: 'json',
  once: false,
  routes: [
    {
      name: 'main',
      input: join(directory, 'in'),
      recursive: true,
      warehouse: join(directory, 'warehouse'),
      manifests: join(directory, 'manifests'),
      duplicates: join(directory, 'duplicates'),
      onDuplicate: 'move',
      dedupe: 'content',
      mode: 'stability',
      stabilityMs: 0,
      include: [],
      exclude: [],
      watch: 'auto',
      overdueMs: 1000,
      sinks: [],
    },
  ],
  uploadRoutes: [],
  discoverers: 'one',
  retryMs: 1000,
  maxRetries: 3,
  keepRecordsDays: 90,
});

/** Routes whose files are uploaded, by these names. */
export const uploadRoutes = (...names: readonly string[]): UploadRouteSettings[] =>
  names.map((name) => ({
    name,
    input: `/out/${name}`,
    recursive: true,
    everyName: false,
    mode: 'close-write',
    stabilityMs: 0,
    include: [],
    exclude: [],
    watch: 'auto',
    overdueMs: 1000,
    sink: {
      type: 's3',
      name: 'watch',
      to: { by: 'key', profile: 'lab', bucket: 'archive', key: '{path}' },
      decompress: true,
      maxOutputBytes: 1000,
      maxRatio: 2000,
      after: { do: 'remove' },
    },
  }));

export type Started = {
  exit: Promise<ExitCode>;
  stderr: RecordedStderr;
  signals: EventEmitter;
  /** What the fake children wrote down, in order. */
  notes(): Note[];
  notesUntil(fits: (notes: Note[]) => boolean): Promise<void>;
};

export type Note = { name: string; pid: number; what: string };

const FAKE = new URL('./fixtures/fake-child.ts', import.meta.url);

/** A supervisor in this process, over fake children that follow the script. */
export function startSupervisor(
  context: TestContext,
  script: Script,
  overrides: Partial<Settings> = {},
  options: Partial<SupervisorOptions> & { stderr?: RecordedStderr } = {},
): Started {
  const settings = { ...settingsIn(tempDir(context)), ...overrides };
  writeFileSync(`${settings.statePath}.script`, JSON.stringify(script));
  writeFileSync(`${settings.statePath}.notes`, '');
  const stderr = options.stderr ?? new RecordedStderr();
  const signals = new EventEmitter();
  const exit = runSupervisor({
    settings,
    version: '1.2.3',
    clock: systemClock,
    colour: false,
    signals,
    readStats: () => NO_STATS,
    entries: { discoverer: FAKE, worker: FAKE },
    backoff: { firstMs: 10, maxMs: 40, healthyMs: 60_000 },
    ...options,
    stderr,
  });
  exit.catch(() => undefined);
  // A test that has failed half-way has not stopped it, and it would keep the test file from ending. Does nothing where it has ended.
  context.after(async () => {
    signals.emit('SIGINT', 'SIGINT');
    await exit.catch(() => undefined);
  });
  const notes = () =>
    readFileSync(`${settings.statePath}.notes`, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [name = '', pid, ...what] = line.split(' ');
        return { name, pid: Number(pid), what: what.join(' ') };
      });
  const notesUntil = async (fits: (notes: Note[]) => boolean) => {
    const changes = watch(`${settings.statePath}.notes`);
    while (!fits(notes())) await once(changes, 'change');
    changes.close();
  };
  return { exit, stderr, signals, notes, notesUntil };
}

/** Whether a process with this id is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
