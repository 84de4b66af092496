import { lstatSync, readdirSync, unlinkSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { type BytePath, dirname, fromText, join, toBytes } from '../../fs/byte-path.ts';
import { fsyncDirectory, makeDirectoryDurable } from '../../fs/durable.ts';
import { renameNoReplace } from '../../linux/rename.ts';
import type { State } from '../../state/open.ts';
import { writeTransaction } from '../../state/transaction.ts';
import type { Contents } from '../contents.ts';
import type { LoadCrashPoints } from '../load-crash-points.ts';
import type { Plan, Publications } from '../publications.ts';
import {
  dataDirectory,
  directoriesOf,
  pathBelow,
  rejectsDirectory,
  temporaryPrefix,
} from './parquet-layout.ts';
import type { ParquetOwner } from './parquet-owner.ts';
import type { Written } from './parquet-write.ts';
import type { Load } from './target.ts';

export type PublishOptions = {
  state: State;
  contents: Contents;
  publications: Publications;
  owner: ParquetOwner;
  crash: LoadCrashPoints;
};

type Held = Pick<Load, 'assertHeld'>;

/**
 * Gives what was written its names, in steps that are each durable before the next: the plan, the rejects, the data, the record that it is
 * there. Whoever dies on the way, or is frozen, is followed by `settlePlan`.
 *
 * @returns false where another task has one of the contents since, or is about to: then nothing was planned
 */
export function publish(options: PublishOptions, load: Held, groups: readonly Written[]): boolean {
  const { state, contents, publications, crash } = options;
  const isPlanned = writeTransaction(state, () => {
    load.assertHeld();
    if (groups.some((group) => hasKnownContent(group, contents))) return false;
    for (const { taskId, plan, loaded, files } of groups) {
      assertNew(plan);
      publications.add(taskId, plan);
      const sha256Of = new Map(files.map(({ fileId, csv }) => [fileId, csv.audit.sha256]));
      for (const { fileId, rows, rejects } of loaded) {
        const sha256 = sha256Of.get(fileId);
        if (sha256 === undefined) throw new Error(`file ${fileId} is not of task ${taskId}`);
        contents.add(plan, { sha256, taskId, rows, rejects, file: fileBelowTable(plan) });
      }
    }
    return true;
  });
  if (!isPlanned) return false;
  crash.reach('parquet.planned');
  for (const { plan } of groups) {
    // The rejects must have their name for good before the data has its own, which tells that all is published.
    for (const move of [plan.rejects, plan.data]) {
      if (move !== undefined) giveName(plan, move, crash);
    }
  }
  writeTransaction(state, () => {
    load.assertHeld();
    for (const { taskId } of groups) end(options, taskId, 'publish');
  });
  crash.reach('parquet.published');
  return true;
}

const hasKnownContent = ({ plan, files }: Written, contents: Contents): boolean =>
  files.some(({ csv }) => contents.of(plan, csv.audit.sha256) !== undefined);

/** Of a plan whose names were taken, who comes next could not tell whether it was published. */
function assertNew({ target, data, rejects }: Plan): void {
  for (const move of [data, rejects]) {
    if (move !== undefined && isThere(pathBelow(target, move.to)))
      throw new Error(`${move.to} is there already`);
  }
}

function giveName({ target }: Plan, move: Plan['data'], crash: LoadCrashPoints): void {
  const [from, to] = [pathBelow(target, move.from), pathBelow(target, move.to)];
  makeDirectoryDurable(fromText(target), dirname(to));
  renameNoReplace(from, to);
  crash.reach('parquet.renamed');
  for (const directory of directoriesOf(target, move)) fsyncDirectory(directory);
}

/**
 * Ends what an earlier holder of a task began to publish. First nobody can go on with it: without its temporary files a holder that was
 * frozen has nothing to rename. Only then does what is there tell whether it was published.
 *
 * Idempotent, also where it is interrupted at any place or another does the same: names are never used again, and once a temporary file is
 * gone everybody finds the same. So it need not be the task's own holder who does it. Whoever comes last finds the plan gone, or another one
 * in its place, and changes nothing.
 *
 * @param load of whoever does it
 * @returns whether the data is there; undefined where there was no plan
 */
export function settlePlan(options: PublishOptions, load: Held, taskId: number): boolean | undefined {
  const plan = options.publications.of(taskId);
  if (plan === undefined) return undefined;
  const { target, data, rejects } = plan;
  // What is not there because its file system is not mounted may have been published.
  options.owner.ensure(target);
  for (const move of [data, rejects]) {
    if (move !== undefined) unlinkIfThere(pathBelow(target, move.from));
  }
  const isPublished = isThere(pathBelow(target, data.to));
  if (!isPublished && rejects !== undefined) unlinkIfThere(pathBelow(target, rejects.to));
  for (const move of [data, rejects]) {
    if (move === undefined) continue;
    for (const directory of directoriesOf(target, move)) fsyncIfThere(directory);
  }
  writeTransaction(options.state, () => {
    load.assertHeld();
    if (options.publications.of(taskId)?.data.to !== data.to) return;
    end(options, taskId, isPublished ? 'publish' : 'withdraw');
  });
  return isPublished;
}

function end({ contents, publications }: PublishOptions, taskId: number, how: 'publish' | 'withdraw'): void {
  contents[how](taskId);
  publications.end(taskId);
}

/** Removes what earlier holders of a task wrote and never planned. */
export function sweepTemporaries(target: string, table: string, taskId: number): void {
  for (const name of [dataDirectory(table), rejectsDirectory(table)]) {
    const directory = pathBelow(target, name);
    for (const entry of namesIn(directory)) {
      if (entry.startsWith(temporaryPrefix(taskId))) unlinkIfThere(join(directory, entry));
    }
  }
}

const fileBelowTable = ({ table, data }: Plan): string => data.to.slice(dataDirectory(table).length + 1);

const namesIn = (directory: BytePath): string[] =>
  ifThere(() => readdirSync(toBytes(directory), 'latin1')) ?? [];

const unlinkIfThere = (path: BytePath): void => ifThere(() => unlinkSync(toBytes(path)));

const fsyncIfThere = (directory: BytePath): void => ifThere(() => fsyncDirectory(directory));

export const isThere = (path: BytePath): boolean => ifThere(() => lstatSync(toBytes(path))) !== undefined;

function ifThere<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return undefined;
  }
}
