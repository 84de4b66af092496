import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { LoadSink, LoadTarget, Settings } from '../../../shared/config/settings.ts';
import { targetName } from '../../../shared/config/table-texts.ts';
import { errnoOf, WharfingerError } from '../../../shared/errors.ts';
import { openState } from '../../../shared/state/open.ts';
import { TargetError } from '../../../shared/tables/errors.ts';
import { bytes } from '../format/text.ts';
import { type Check, type Examined, fail, ok, warn } from './check.ts';
import { nearestExisting, withProbe } from './probe.ts';

/** What loading into tables needs: DuckDB's library, memory, and each target. Nothing where nothing is loaded. */
export async function examineTables({ settings, env }: Examined): Promise<Check[]> {
  const sinks = loadSinksOf(settings);
  if (sinks.length === 0) return [];
  const scratch = mkdtempSync(join(tmpdir(), 'wharfinger-doctor-'));
  try {
    const checks = [await examineLibrary(scratch), examineMemory(settings)];
    for (const { target, table } of sinks) {
      if (target.is === 'postgres') checks.push(await examineServer(target, table, { env, scratch }));
      else {
        const place = examinePlace(target);
        checks.push(place);
        if (target.is === 'duckdb' && place.level === 'ok')
          checks.push(...(await examineFile(target, { env, scratch })));
      }
    }
    return checks;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

type Places = Pick<Examined, 'env'> & { scratch: string };

/** One for each target. */
function loadSinksOf({ routes }: Settings): Pick<LoadSink, 'target' | 'table'>[] {
  const sinks = routes.flatMap((route) => route.sinks).filter((sink) => sink.type === 'load');
  return [...new Map(sinks.map((sink) => [targetName(sink.target), sink])).values()];
}

/** It is a binary for this machine, which may be missing or not fit. */
async function examineLibrary(scratch: string): Promise<Check> {
  try {
    const { openDuckDB } = await import('../../../shared/tables/engine/instance.ts');
    const duck = await openDuckDB({ path: ':memory:', scratch, threads: 1, memoryMiB: 64 });
    duck.close();
    return ok('duckdb', 'DuckDB works, which reads the files');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail('duckdb', `DuckDB does not work here (${why})`, 'install the package again: npm ci');
  }
}

/** Of one load; beyond it, it writes to the disk. */
const LOAD_BYTES = 512 * 1024 * 1024;

function examineMemory({ workers }: Settings): Check {
  const free = process.availableMemory();
  const text = `${bytes(free)} of memory are free, and a load takes up to ${bytes(LOAD_BYTES)}`;
  return free >= LOAD_BYTES * Math.min(workers, 2)
    ? ok('memory', text)
    : warn('memory', text, 'give it more, or fewer workers with --workers');
}

/** The directory that a file, or files, are written to. */
function examinePlace(target: Exclude<LoadTarget, { is: 'postgres' }>): Check {
  const directory = target.is === 'duckdb' ? dirname(target.path) : target.directory;
  const existing = nearestExisting(directory);
  const name = targetName(target);
  try {
    withProbe(existing, existing === directory ? 'file' : 'directory', () => undefined);
    return ok(
      'target',
      `the directory of ${name} can be written to${existing === directory ? '' : ', and made'}`,
    );
  } catch (error) {
    if (errnoOf(error) === undefined || !(error instanceof Error)) throw error;
    const mend = 'let this user write there, or give another target';
    return fail('target', `the directory of ${name} cannot be written to (${error.message})`, mend);
  }
}

async function examineFile(target: LoadTarget & { is: 'duckdb' }, places: Places): Promise<Check[]> {
  return await trying(target, places, async (open) => {
    await open(target);
    return ok('target', `${targetName(target)} is a DuckDB file that can be opened, or is made`);
  });
}

const SERVER_SECONDS = 2;

async function examineServer(
  target: LoadTarget & { is: 'postgres' },
  table: string,
  places: Places,
): Promise<Check> {
  const url = new URL(target.url);
  url.searchParams.set('connect_timeout', String(SERVER_SECONDS));
  const [check] = await trying(target, places, async (open) => {
    const columns = await (await open({ is: 'postgres', url: url.href })).describe(table);
    const there =
      columns === undefined ? 'is made with the first file' : `is there, with ${columns.length} columns`;
    return ok('target', `${targetName(target)} answers; the table ${table} ${there}`);
  });
  return check ?? ok('target', targetName(target));
}

type Open = (
  target: LoadTarget,
) => ReturnType<typeof import('../../../shared/tables/inspect/open-to-read.ts').openToRead>;

/** What a target answers with instead is what stands in the way of a load. */
async function trying(
  target: LoadTarget,
  { env, scratch }: Places,
  work: (open: Open) => Promise<Check>,
): Promise<Check[]> {
  const { openToRead } = await import('../../../shared/tables/inspect/open-to-read.ts');
  // Only Parquet asks it anything.
  const state = openState(':memory:');
  const opened: Awaited<ReturnType<Open>>[] = [];
  try {
    const open: Open = async (place) => {
      const one = await openToRead(place, { state, env, home: homedir(), scratch });
      opened.push(one);
      return one;
    };
    return [await work(open)];
  } catch (error) {
    if (!(error instanceof WharfingerError)) throw error;
    const isBusy = error instanceof TargetError && error.trouble === 'busy';
    const hint = error.hint ?? 'mend the target, then ask again';
    return [(isBusy ? warn : fail)('target', `${targetName(target)}: ${error.message}`, hint)];
  } finally {
    for (const one of opened) await one.close();
    state.close();
  }
}
