import { statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, WharfingerError } from '../../errors.ts';
import { type BytePath, fromText } from '../../fs/byte-path.ts';
import type { Report } from '../../ledger/verify/finding.ts';
import type { State } from '../../state/open.ts';
import { type ArchiveBase, ArchiveBases } from '../bases.ts';
import { stagedIn } from '../inbox.ts';
import { faultOfStored } from '../stored-content.ts';
import { OpenArchives } from './open-archives.ts';

export type CheckArchivesOptions = {
  state: State;
  report: Report;
  /** Reads the bytes of each member that is published. */
  deep: boolean;
  signal: AbortSignal;
};

/** How many deposits of files were compared, and how many members were read. */
export type CheckedArchives = { archived: number; rereadMembers: number };

type Row = {
  id: number;
  ledgerId: number;
  baseId: number;
  archive: string;
  member: string;
  sha256: Buffer;
  state: 'staged' | 'published';
  staging: string;
};

const PAGE = 1000;

const COLUMNS =
  'id, ledger_id AS ledgerId, base_id AS baseId, archive, member, sha256, state, staging FROM archive_deposits';

/**
 * Compares what the state file says of archives with the archives: what is published is there with its content, what is staged is in a
 * staging archive or there already. Changes nothing; memory does not grow with the number of files. A base that is away is a note. Workers may
 * go on.
 */
export async function checkArchives(options: CheckArchivesOptions): Promise<CheckedArchives> {
  const { state, report, signal } = options;
  const last =
    state.prepare<[], number>('SELECT ifnull(max(id), 0) FROM archive_deposits').pluck().get() ?? 0;
  const page = state.prepare<[number, number], Row>(
    `SELECT ${COLUMNS} WHERE id > ? AND id <= ? ORDER BY id LIMIT ${PAGE}`,
  );
  const check = new Check(options);
  const checked: CheckedArchives = { archived: 0, rereadMembers: 0 };
  try {
    for (let rows = page.all(0, last); rows.length > 0; rows = page.all(rows.at(-1)?.id ?? last, last)) {
      for (const row of rows) {
        signal.throwIfAborted();
        const found = await check.one(row);
        if (found !== 'unasked') checked.archived += 1;
        if (found === 'read') checked.rereadMembers += 1;
      }
      report.progress({ step: 'archives', done: checked.archived, total: undefined });
    }
    return checked;
  } finally {
    check.close();
  }
}

type Base = { path: string; open: OpenArchives; staged: ReadonlySet<string> };

class Check {
  readonly #options: CheckArchivesOptions;
  readonly #bases: ArchiveBases;
  readonly #again;
  /** Undefined: away. */
  readonly #known = new Map<number, Base | undefined>();

  constructor(options: CheckArchivesOptions) {
    this.#options = options;
    this.#bases = new ArchiveBases(options.state);
    this.#again = options.state.prepare<[number, string]>(
      "SELECT 1 FROM archive_deposits WHERE id = ? AND staging = ? AND state = 'staged'",
    );
  }

  async one(row: Row): Promise<'unasked' | 'found' | 'read'> {
    const base = this.#baseOf(row.baseId);
    if (base === undefined) return 'unasked';
    const path = fromText(join(base.path, row.archive, row.member));
    try {
      return await this.#compare(row, base, path);
    } catch (error) {
      const isRefusal = error instanceof WharfingerError || errnoOf(error) !== undefined;
      if (!isRefusal || !(error instanceof Error)) throw error;
      this.#options.report.finding({ problem: 'unreadable', path, id: row.ledgerId, detail: error.message });
      return 'found';
    }
  }

  close(): void {
    for (const base of this.#known.values()) base?.open.close();
  }

  async #compare(row: Row, base: Base, path: BytePath): Promise<'found' | 'read'> {
    const { report, deep } = this.#options;
    const { ledgerId: id, archive, member, sha256, state, staging } = row;
    const isStaged = state === 'staged' && base.staged.has(staging);
    const found = base.open.find(archive, member, sha256, { isFresh: !isStaged });
    if (found === undefined) {
      if (isStaged) return 'found';
      if (state === 'published')
        report.finding({ problem: 'missing-member', path, id, detail: `in no volume of ${archive}` });
      // It may have been deposited once more, or published, since its row was read.
      else if (this.#again.get(row.id, staging) !== undefined)
        report.finding({ problem: 'missing-deposit', path, id, detail: `${staging} is not in the inbox` });
      return 'found';
    }
    if (!deep) return 'found';
    const fault = await faultOfStored(found.set, found, sha256);
    if (fault !== undefined)
      report.finding({ problem: 'different-member', path, id, detail: `${found.volume}: ${fault}` });
    return 'read';
  }

  /** The inbox is read before any archive of the base is opened. */
  #baseOf(id: number): Base | undefined {
    if (this.#known.has(id)) return this.#known.get(id);
    const base = this.#bases.byId(id);
    if (base === undefined) throw new Error(`base ${id} of a deposit is not in the state file`);
    const known = this.#look(base);
    this.#known.set(id, known);
    return known;
  }

  #look({ path, marked }: ArchiveBase): Base | undefined {
    const { report } = this.#options;
    const onFault = (volume: string, detail: string) =>
      report.finding({ problem: 'bad-volume', path: fromText(join(path, volume)), detail });
    try {
      if (statSync(path).isDirectory() && (!marked || isThere(join(path, '.wharfinger'))))
        return { path, staged: stagedIn(path), open: new OpenArchives(path, onFault) };
      const detail =
        'its archives were not compared: it has lost its .wharfinger, so its file system is not mounted';
      report.note({ note: 'unasked-archives', path: fromText(path), detail });
    } catch (error) {
      if (errnoOf(error) === undefined || !(error instanceof Error)) throw error;
      const detail = `its archives were not compared: ${error.message}`;
      report.note({ note: 'unasked-archives', path: fromText(path), detail });
    }
    return undefined;
  }
}

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;
