import { readFileSync } from 'node:fs';
import { type BytePath, basename, fromText, toBytes, toText } from '../../shared/fs/byte-path.ts';
import { type ManifestRecord, recordsIn } from '../support/custody-records.ts';
import { type Account, sha256Of } from './account.ts';
import { filesBelow } from './files-below.ts';
import type { Harbour } from './harbour.ts';
import { isTemporary } from './names.ts';

/** What became of everything that was put. Numbers of files, but for `contents` and `committed`. */
export type Reckoning = {
  contents: number;
  files: number;
  mayBeMissing: number;
  committed: number;
  setAside: number;
  leftInInputs: number;
  lost: string[];
  doubled: string[];
  torn: string[];
  littered: string[];
};

export type Places = Pick<Harbour, 'inputPaths' | 'warehouses' | 'manifests'>;

/** Counts by reading every file there is, without asking the program. */
export function reckon(account: Account, harbour: Places): Reckoning {
  const stored = harbour.warehouses.flatMap((directory) => hashesBelow(fromText(directory)));
  const inInputs = harbour.inputPaths.flatMap(hashesBelow);
  const visible = inInputs.filter(({ path }) => !isTemporary(path));
  const lines = manifestLines(fromText(harbour.manifests));
  const hashOf = new Map(stored.map(({ path, sha256 }) => [path, sha256]));
  const linesOf = Map.groupBy(lines, ({ sha256 }) => sha256);
  const copiesOf = Map.groupBy([...stored.filter(isTaken), ...visible], ({ sha256 }) => sha256);
  const entries = [...account.entries.values()];

  const lost: string[] = [];
  const doubled: string[] = [];
  for (const { sha256, offered, durable, volatile, path } of entries) {
    const records = linesOf.get(sha256) ?? [];
    const copies = copiesOf.get(sha256)?.length ?? 0;
    const at = `${sha256} (put at ${shown(path)})`;
    const least = durable + volatile;
    const isThere = records.some((record) => hashOf.get(record.path) === sha256);
    if (least > 0 && !isThere) lost.push(`${at}: no committed file holds it`);
    else if (copies < least) lost.push(`${at}: put ${least} times, there ${copies} times`);
    if (records.length > 1) doubled.push(`${at}: ${records.length} manifest lines`);
    if (copies > offered) doubled.push(`${at}: put ${offered} times at most, there ${copies} times`);
  }
  const known = (sha256: string): boolean => account.entries.has(sha256);
  const torn = lines.filter(({ sha256 }) => !known(sha256)).map(({ path }) => `never put: ${shown(path)}`);
  const lies = lines.filter(({ path, sha256 }) => hashOf.get(path) !== sha256);
  const isOurs = (path: BytePath): boolean => basename(path).startsWith('.wharfinger-');
  const sum = (of: (entry: (typeof entries)[number]) => number): number =>
    entries.reduce((total, entry) => total + of(entry), 0);
  return {
    contents: entries.length,
    files: sum(({ durable, volatile }) => durable + volatile),
    mayBeMissing: sum(({ offered, durable, volatile }) => offered - durable - volatile),
    committed: lines.length,
    setAside: stored.filter(({ path }) => path.includes('/_duplicates/') && isTaken({ path })).length,
    leftInInputs: visible.length,
    lost,
    doubled,
    torn: [...torn, ...lies.map(({ path }) => `not what its line says: ${shown(path)}`)],
    littered: [...stored, ...inInputs].filter(({ path }) => isOurs(path)).map(({ path }) => shown(path)),
  };
}

type Hashed = { path: BytePath; sha256: string };

const hashesBelow = (directory: BytePath): Hashed[] =>
  filesBelow(directory).map((path) => ({ path, sha256: sha256Of(readFileSync(toBytes(path))) }));

/** Marks and copies in progress are no files of anybody. */
const isTaken = ({ path }: { path: BytePath }): boolean => !basename(path).startsWith('.wharfinger');

function manifestLines(directory: BytePath): Hashed[] {
  return filesBelow(directory)
    .filter((path) => path.endsWith('/manifest.jsonl'))
    .flatMap((path) => recordsIn(readFileSync(toBytes(path), 'utf8')))
    .map((record) => ({ path: pathOf(record), sha256: record.sha256 }));
}

const pathOf = ({ path, path_base64 }: ManifestRecord): BytePath =>
  path_base64 === undefined
    ? fromText(path)
    : (Buffer.from(path_base64, 'base64').toString('latin1') as BytePath);

const shown = (path: BytePath): string => JSON.stringify(toText(path));
