import { join } from 'node:path';
import { errnoOf, WharfingerError } from '../../errors.ts';
import { type BytePath, fromText } from '../../fs/byte-path.ts';
import type { Report } from '../../ledger/verify/finding.ts';
import type { State } from '../../state/open.ts';
import { type ArchiveBase, ArchiveBases } from '../bases.ts';
import { stagedIn } from '../inbox.ts';
import { faultOfStored } from '../stored-content.ts';
import { OpenArchives } from './open-archives.ts';
import { StagedMembers } from './staged-members.ts';
import { whyAway } from './why-away.ts';

export type CheckArchivesOptions = {
  state: State;
  report: Report;
  /** Reads the bytes of each member, in its archive or in staging. */
  deep: boolean;
  signal: AbortSignal;
};

/** How many deposits of files were compared, how many of them are in staging yet, and how many members were read. */
export type CheckedArchives = { archived: number; staged: number; rereadMembers: number };

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
 * staging archive or there already; without `deep` that is only that such a staging archive is there. Changes nothing; memory does not grow with the number of files. A base that is away is a note. Workers may
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
  const checked: CheckedArchives = { archived: 0, staged: 0, rereadMembers: 0 };
  try {
    for (let rows = page.all(0, last); rows.length > 0; rows = page.all(rows.at(-1)?.id ?? last, last)) {
      for (const row of rows) {
        signal.throwIfAborted();
        const found = await check.one(row);
        if (found === undefined) continue;
        checked.archived += 1;
        if (found.isStaged) checked.staged += 1;
        if (found.isRead) checked.rereadMembers += 1;
      }
      report.progress({ step: 'archives', done: checked.archived, total: undefined });
    }
    return checked;
  } finally {
    check.close();
  }
}

type Base = { path: string; open: OpenArchives; staged: ReadonlySet<string>; members: StagedMembers };

/** What was looked at. */
type Looked = { isStaged: boolean; isRead: boolean };

const LOOKED: Looked = { isStaged: false, isRead: false };

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

  /** @returns undefined where nobody could be asked */
  async one(row: Row): Promise<Looked | undefined> {
    const base = this.#baseOf(row.baseId);
    if (base === undefined) return undefined;
    const path = fromText(join(base.path, row.archive, row.member));
    try {
      return await this.#compare(row, base, path);
    } catch (error) {
      const isRefusal = error instanceof WharfingerError || errnoOf(error) !== undefined;
      if (!isRefusal || !(error instanceof Error)) throw error;
      this.#options.report.finding({ problem: 'unreadable', path, id: row.ledgerId, detail: error.message });
      return LOOKED;
    }
  }

  close(): void {
    for (const base of this.#known.values()) base?.open.close();
  }

  async #compare(row: Row, base: Base, path: BytePath): Promise<Looked> {
    const { report, deep } = this.#options;
    const { ledgerId: id, archive, member, sha256, state, staging } = row;
    const isStaged = state === 'staged' && base.staged.has(staging);
    let found = base.open.find(archive, member, sha256, { isFresh: !isStaged });
    if (found === undefined && isStaged) {
      const isWhole = deep ? await base.members.has(staging, `${archive}/${member}`, sha256) : undefined;
      if (isWhole || !deep) return { isStaged, isRead: deep };
      // It may have been collected meanwhile.
      found = base.open.find(archive, member, sha256, { isFresh: true });
      if (found === undefined && isWhole === false) return this.#missing(row, path, 'does not hold it whole');
    }
    if (found === undefined) {
      if (state !== 'published') return this.#missing(row, path, 'is not in the inbox');
      report.finding({ problem: 'missing-member', path, id, detail: `in no volume of ${archive}` });
      return LOOKED;
    }
    if (!deep) return LOOKED;
    const fault = await faultOfStored(found.set, found, sha256);
    if (fault !== undefined) {
      const as = found.storedAs === member ? '' : `, stored as ${found.storedAs}`;
      report.finding({ problem: 'different-member', path, id, detail: `${found.volume}${as}: ${fault}` });
    }
    return { isStaged: false, isRead: true };
  }

  /** A deposit that is in no archive. It may have been made once more, or published, since its row was read. */
  #missing({ id, ledgerId, staging }: Row, path: BytePath, detail: string): Looked {
    if (this.#again.get(id, staging) !== undefined)
      this.#options.report.finding({
        problem: 'missing-deposit',
        path,
        id: ledgerId,
        detail: `${staging} ${detail}`,
      });
    return LOOKED;
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

  #look(base: ArchiveBase): Base | undefined {
    const { path } = base;
    const { report } = this.#options;
    const onFault = (volume: string, detail: string) =>
      report.finding({ problem: 'bad-volume', path: fromText(join(path, volume)), detail });
    let away = whyAway(base);
    try {
      if (away === undefined)
        return {
          path,
          staged: stagedIn(path),
          open: new OpenArchives(path, onFault),
          members: new StagedMembers(path),
        };
    } catch (error) {
      if (errnoOf(error) === undefined || !(error instanceof Error)) throw error;
      away = error.message;
    }
    const detail = `its archives were not compared: ${away}`;
    report.note({ note: 'unasked-archives', path: fromText(path), detail });
    return undefined;
  }
}
