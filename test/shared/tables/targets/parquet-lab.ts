import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { toBytes } from '../../../../shared/fs/byte-path.ts';
import type { State } from '../../../../shared/state/open.ts';
import { openState } from '../../../../shared/state/open.ts';
import type { LoadCrashPoints } from '../../../../shared/tables/load-crash-points.ts';
import { openParquetTarget } from '../../../../shared/tables/targets/parquet.ts';
import type { Target } from '../../../../shared/tables/targets/target.ts';
import { taskKey } from '../../../../shared/tables/task-key.ts';
import { makeState } from '../../../support/state.ts';
import { tempDir } from '../../../support/temp.ts';
import { loadOf, readAny } from './load-lab.ts';

type Opening = { state?: State; crash?: LoadCrashPoints; directory?: string; random?: () => string };

/** A directory of Parquet files, its state file, and tasks 1 to 4. */
export function parquetLab(t: TestContext) {
  const { state, statePath, routeId } = makeState(t);
  addTasks(state, routeId);
  const scratch = tempDir(t);
  const directory = join(scratch, 'tables');
  const open = (opening: Opening = {}) =>
    openParquetTarget({ directory, state, scratch, threads: 2, memoryMiB: 256, ...opening });
  /** Opens the target for one piece of work. */
  const using = async <T>(work: (target: Target) => Promise<T>, opening?: Opening): Promise<T> => {
    const target = await open(opening);
    try {
      return await work(target);
    } finally {
      await target.close();
    }
  };
  return {
    state,
    statePath,
    scratch,
    directory,
    using,
    /** The state file as another process has it. */
    otherState(): State {
      const other = openState(statePath);
      t.after(() => other.close());
      return other;
    },
    load: (args: Parameters<typeof loadOf>, opening?: Opening) =>
      using((target) => target.load(loadOf(...args)), opening),
    read: (select: string, table = 'people') =>
      readAny(`${select} FROM read_parquet('${join(directory, table)}/**/*.parquet',
        hive_partitioning = true, union_by_name = true)`),
    /** All names below the directory but our mark, sorted, with the random digits as stars. */
    names: () =>
      readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== '.wharfinger')
        .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
        .map((name) => name.replace(/[0-9a-f]{8}(?=\.)/, '*'))
        .sort(),
    /** Another worker has a lease of the task. */
    hold(taskId: number): void {
      state.exec(`
        INSERT INTO leases (owner, host, boot, pid, pid_start, claimed_ms, expires_ms) VALUES ('worker-2', 'host', 'boot', 2, '2', 0, 60000)`);
      state
        .prepare(`
          INSERT INTO jobs (kind, key, sink_id, state, lease_token, enqueued_ms, updated_ms)
          VALUES ('load', ?, 1, 'leased', (SELECT max(token) FROM leases), 0, 0)`)
        .run(toBytes(taskKey(taskId)));
    },
    /** Its lease has ended: it waits for a person, or for somebody else. */
    letGo(taskId: number, how: 'failed' | 'ready' = 'failed'): void {
      state
        .prepare("UPDATE jobs SET state = ?, lease_token = NULL, reason = 'x' WHERE key = ?")
        .run(how, toBytes(taskKey(taskId)));
    },
    plans: () => state.prepare('SELECT count(*) FROM load_publications').pluck().get(),
  };
}

export function addTasks(state: State, routeId: number): void {
  const { id } = state
    .prepare<[number], { id: number }>(
      "INSERT INTO sinks (route_id, name, type, settings) VALUES (?, 'tables', 'load', '{}') RETURNING id",
    )
    .get(routeId) ?? { id: 0 };
  const add = state.prepare(`
    INSERT INTO load_tasks (created_time, modified_time, status, sink_id, ingest_date, gathering)
    VALUES ('2024-11-02T10:00:00Z', '2024-11-02T10:00:00Z', 'PROCESSING', ?, '2024-11-02', 0)`);
  for (let task = 1; task <= 4; task += 1) add.run(id);
}
