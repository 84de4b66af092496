import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { LoadTools } from '../../apps/worker/handlers/load/tools.ts';
import { toBytes, toText } from '../../shared/fs/byte-path.ts';
import type { Column, FileLoad, PlainCsv } from '../../shared/tables/contract.ts';
import { FileFaultError, TargetError, type TargetTrouble } from '../../shared/tables/errors.ts';
import type { Load, LoadResult, Target } from '../../shared/tables/targets/target.ts';

type Record = { fileName: string; rows: number; rejects: number };

/**
 * A database in memory that keeps what a target must: rows and records of a load are there all or not at all. A file with the word BROKEN
 * cannot be read, one with BAD cannot be loaded, and a row `reject` is rejected.
 */
export class FakeDatabase {
  readonly rows: string[] = [];
  readonly records = new Map<string, Record>();
  readonly loads: string[][] = [];
  /** Paths of files that somebody writes to. */
  readonly written = new Set<string>();
  columns: Column[] | undefined;
  opened = 0;
  isOpen = false;
  /** What the next opening, or the next load, meets. */
  openTrouble: TargetTrouble | undefined;
  loadTrouble: TargetTrouble | undefined;
  /** Called after the next commit, whose answer is lost where it throws. */
  afterCommit: (() => void) | undefined;
  beforeCommit: (() => void) | undefined;

  readonly tools: LoadTools = {
    openTarget: async () => this.#open(),
    sniffDialect: async () => ({ delimiter: ',', quote: '"' }),
    openCsv: async ({ fileId, path, expected }) => {
      const bytes = readFileSync(toBytes(path));
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      if (expected !== undefined && expected.sha256 !== sha256) throw fault(fileId, 'load.changed');
      if (bytes.includes('BROKEN')) throw fault(fileId, 'load.broken');
      return csvOf(bytes.toString(), sha256);
    },
    isOpenForWriting: (path) => this.written.has(toText(path)),
    openSniffer: async () => ({
      schemaOf: async (csv, { header, encoding, nulls, key }) => ({
        columns: csv.firstRecord.map((name) => ({ name, type: 'VARCHAR' })),
        dialect: { delimiter: ',', quote: '"' },
        header,
        encoding,
        nulls,
        key,
      }),
      added: async (_csv, match) => match,
      close: () => undefined,
    }),
    matchColumns: (csv, schema, policy, fileId) => {
      const known = new Set(schema.columns.map(({ name }) => name));
      const fresh = csv.firstRecord.filter((name) => !known.has(name));
      if (fresh.length > 0 && policy === 'fail') throw fault(fileId, 'load.columns');
      const added = policy === 'add' ? fresh.map((name) => ({ name, type: 'VARCHAR' })) : [];
      return { columns: csv.firstRecord.map((name) => ({ name, type: 'VARCHAR', into: name })), added };
    },
  };

  #open(): Target {
    if (this.isOpen) throw trouble('busy');
    const met = this.openTrouble;
    if (met !== undefined) throw trouble(met);
    this.opened += 1;
    this.isOpen = true;
    return {
      describe: async () => this.columns,
      load: async (load) => this.#load(load),
      find: async (_table, sha256s) =>
        new Map(
          sha256s.flatMap((sha256) => {
            const record = this.records.get(sha256);
            return record === undefined ? [] : [[sha256, record] as const];
          }),
        ),
      census: async () => undefined,
      close: async () => {
        this.isOpen = false;
      },
    };
  }

  #load(load: Load): LoadResult {
    load.signal.throwIfAborted();
    const met = this.loadTrouble;
    if (met !== undefined) throw trouble(met);
    this.loads.push(load.files.map(({ name }) => name.slice(name.lastIndexOf('/') + 1)));
    const present: FileLoad[] = [];
    const loaded: (FileLoad & { sha256: string; name: string; lines: string[] })[] = [];
    for (const { fileId, csv, name } of load.files) {
      const { sha256 } = csv.audit;
      const record = this.records.get(sha256);
      if (record !== undefined) {
        present.push({ fileId, rows: record.rows, rejects: record.rejects });
        continue;
      }
      const all = linesOf(csv);
      if (all.includes('BAD')) throw fault(fileId, 'load.bad');
      const lines = all.filter((line) => line !== 'reject');
      loaded.push({ fileId, rows: lines.length, rejects: all.length - lines.length, sha256, name, lines });
    }
    load.assertHeld();
    this.beforeCommit?.();
    const added = load.files.flatMap(({ match }) => match.added);
    const all = [...(this.columns ?? load.schema.columns), ...added];
    this.columns = [...new Map(all.map((column) => [column.name, column])).values()];
    for (const { sha256, name, rows, rejects, lines } of loaded) {
      this.records.set(sha256, { fileName: name, rows, rejects });
      this.rows.push(...lines);
    }
    const after = this.afterCommit;
    this.afterCommit = undefined;
    after?.();
    return { loaded: loaded.map(({ fileId, rows, rejects }) => ({ fileId, rows, rejects })), present };
  }
}

export const trouble = (what: TargetTrouble): TargetError =>
  new TargetError(what, `the target is ${what}`, { code: `load.${what}`, hint: 'wait' });

const fault = (fileId: number, code: string): FileFaultError =>
  new FileFaultError({ fileId, code, reason: `it is ${code}` });

const texts = new WeakMap<PlainCsv, string[]>();

function csvOf(text: string, sha256: string): PlainCsv {
  const [header = '', ...lines] = text.split('\n').filter((line) => line !== '');
  const csv: PlainCsv = {
    readPath: '/dev/null',
    sizeBytes: text.length,
    audit: { sha256, records: lines.length + 1, isRegular: true },
    firstRecord: header.split(','),
    linesOf: (records) => [...records],
    linesAt: (offsets) => [...offsets],
    assertUnchanged: () => undefined,
    close: () => undefined,
  };
  texts.set(csv, lines);
  return csv;
}

const linesOf = (csv: PlainCsv): string[] => texts.get(csv) ?? [];
