import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { checkArchives } from '../../shared/archive-sink/inspect/check-archives.ts';
import { inboxOf } from '../../shared/archives/places.ts';
import { ArchiveSet } from '../../shared/archives/volumes/archive-set.ts';
import type { ArchiveSink } from '../../shared/config/settings.ts';
import { toText } from '../../shared/fs/byte-path.ts';
import { Sinks } from '../../shared/queue/sinks.ts';
import { writeTransaction } from '../../shared/state/transaction.ts';
import { ArchiveHand, type ArchiveHandTools } from './archive-hand.ts';
import { Custody, type CustodyOptions, sha256Of } from './custody.ts';

export const archiveSink = (base: string, over: Partial<ArchiveSink> = {}): ArchiveSink => ({
  type: 'archive',
  name: 'archive',
  base,
  to: { archive: 'all.zip', member: '{path}' },
  compression: 'deflate',
  publishMs: 60_000,
  scavenge: true,
  volumeBytes: 64 * 1024 ** 2,
  release: false,
  ...over,
});

export type ArchiveCustodyOptions = {
  /** What the sinks say beside their base; one unless given. */
  sinks?: readonly Partial<ArchiveSink>[];
  custody?: CustodyOptions;
  tools?: ArchiveHandTools;
};

/** One route whose committed files go into archives, and a worker for each half of it. */
export class ArchiveCustody {
  readonly custody: Custody;
  readonly base: string;
  readonly hand: ArchiveHand;
  readonly #context: TestContext;

  constructor(t: TestContext, { sinks = [{}], custody, tools }: ArchiveCustodyOptions = {}) {
    this.#context = t;
    this.custody = new Custody(t, custody);
    this.base = join(toText(this.custody.root), 'archives');
    mkdirSync(this.base);
    this.saveSinks(...sinks);
    this.hand = this.anotherHand('archiver', tools);
  }

  /** From now on the route has these. @returns their ids */
  saveSinks(...sinks: readonly Partial<ArchiveSink>[]): number[] {
    const { state } = this.custody.hand;
    const settings = sinks.map((over, n) => archiveSink(this.base, { name: `archive-${n}`, ...over }));
    return writeTransaction(state, () => new Sinks(state).save(this.custody.routeId, settings));
  }

  anotherHand(name: string, tools: ArchiveHandTools = {}): ArchiveHand {
    const hand = new ArchiveHand(this.custody.statePath, tools, name);
    this.#context.after(() => hand[Symbol.dispose]());
    return hand;
  }

  /** Has files committed. */
  async commit(contents: Readonly<Record<string, string>>): Promise<void> {
    this.custody.offerAll(new Map(Object.entries(contents)));
    while ((await this.custody.hand.step()) > 0);
    while ((await this.custody.hand.step('alone')) > 0);
  }

  rows<Row = Record<string, unknown>>(sql: string): Row[] {
    return this.hand.state.prepare<[], Row>(sql).all();
  }

  deposits(): { member: string; state: string; release: string | null }[] {
    return this.rows('SELECT member, state, release FROM archive_deposits ORDER BY id');
  }

  jobs(): { kind: string; state: string; reason: string | null }[] {
    return this.rows('SELECT kind, state, reason FROM jobs ORDER BY id');
  }

  inbox(): string[] {
    return readdirSync(inboxOf(this.base)).sort();
  }

  /** Staging archives go, as nothing of the program lets them. */
  emptyInbox(): void {
    for (const name of this.inbox()) rmSync(join(inboxOf(this.base), name), { recursive: true });
  }

  /** Where a content stands in an archive. */
  find(member: string, content: string, archive = 'all.zip'): string | undefined {
    const set = ArchiveSet.open(this.base, archive);
    try {
      return set.find(member, Buffer.from(sha256Of(content), 'hex'))?.storedAs;
    } finally {
      set.close();
    }
  }

  /** What `verify` finds in archives, notes too. */
  async findings(deep = true): Promise<string[]> {
    const findings: string[] = [];
    await checkArchives({
      state: this.hand.state,
      deep,
      signal: new AbortController().signal,
      report: {
        finding: ({ problem, path, detail }) => findings.push(`${problem} ${toText(path)}: ${detail}`),
        note: ({ note, path, detail }) => findings.push(`${note} ${toText(path)}: ${detail}`),
        progress: () => undefined,
      },
    });
    return findings;
  }
}
