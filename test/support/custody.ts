import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import {
  type BytePath,
  dirname,
  fromBytes,
  fromText,
  join,
  toBytes,
  toText,
} from '../../shared/fs/byte-path.ts';
import { fingerprintOf } from '../../shared/fs/fingerprint.ts';
import { verify } from '../../shared/ledger/verify/verify.ts';
import { Enqueuer } from '../../shared/queue/enqueue.ts';
import { laneOf } from '../../shared/queue/lanes.ts';
import { type Route, Routes } from '../../shared/queue/routes.ts';
import { writeTransaction } from '../../shared/state/transaction.ts';
import { Hand } from './custody-hand.ts';
import { type ManifestRecord, manifestTexts, Records, recordsIn } from './custody-records.ts';
import { tempDir } from './temp.ts';
import { filesBelow } from './wharf.ts';

/** A file's name, as text or as the bytes it is. */
export type Name = string | Buffer;

export type CustodyOptions = Partial<Omit<Route, 'id' | 'marked'>>;

/** The directories and the state file of one test, with one route, and a worker on them. */
export class Custody {
  readonly root: BytePath;
  readonly input: BytePath;
  readonly warehouse: BytePath;
  readonly manifests: BytePath;
  readonly duplicates: BytePath;
  readonly statePath: string;
  readonly routeId: number;
  readonly hand: Hand;
  readonly records: Records;
  readonly #context: TestContext;
  readonly #enqueuer: Enqueuer;

  constructor(context: TestContext, options: CustodyOptions = {}) {
    this.#context = context;
    this.root = fromText(tempDir(context));
    const { input, warehouse, manifests } = {
      input: join(this.root, 'in'),
      warehouse: join(this.root, 'warehouse'),
      manifests: join(this.root, 'manifests'),
      ...options,
    };
    for (const directory of [input, warehouse, manifests]) mkdirSync(toBytes(directory), { recursive: true });
    this.input = input;
    this.warehouse = warehouse;
    this.manifests = manifests;
    this.duplicates = options.duplicates ?? join(warehouse, '_duplicates');
    this.statePath = toText(join(this.root, 'state.db'));
    this.hand = this.anotherHand('worker-1');
    this.records = new Records(this.hand.state);
    this.#enqueuer = new Enqueuer(this.hand.state);
    this.routeId = this.saveRoute(options);
  }

  /** A second worker, with its own connection. */
  anotherHand(name = 'worker-2'): Hand {
    const hand = new Hand(this.statePath, name);
    this.#context.after(() => hand[Symbol.dispose]());
    return hand;
  }

  /** A route of these directories but for what is given; the same input again changes it. */
  saveRoute(options: CustodyOptions = {}): number {
    const { input, warehouse, manifests, duplicates } = this;
    const places = { input, warehouse, manifests, duplicates };
    const rules = {
      onDuplicate: 'move',
      dedupe: 'content',
      mode: 'stability',
      stabilityMs: 1000,
      takes: 'ingest',
    } as const;
    return new Routes(this.hand.state).save({ name: 'orders', ...places, ...rules, ...options });
  }

  at(name: Name, directory = this.input): BytePath {
    return join(directory, typeof name === 'string' ? fromText(name) : fromBytes(name));
  }

  /** Writes a file below the input, with the directories above it. */
  drop(name: Name, content: string | Buffer, directory = this.input): BytePath {
    const path = this.at(name, directory);
    mkdirSync(toBytes(dirname(path)), { recursive: true });
    writeFileSync(toBytes(path), content);
    return path;
  }

  /** Puts a file into the queue as the discoverer does when it is complete. */
  enqueue(
    path: BytePath,
    { payload, routeId = this.routeId }: { payload?: object; routeId?: number } = {},
  ): void {
    const stats = lstatSync(toBytes(path), { bigint: true });
    const sizeBytes = Number(stats.size);
    const job = { kind: 'ingest', key: path, routeId, fingerprint: fingerprintOf(stats), sizeBytes };
    const added = payload === undefined ? {} : { payload: JSON.stringify(payload) };
    this.#enqueuer.put({ ...job, ...added, lane: laneOf(sizeBytes) }, Date.now());
  }

  fingerprint(path: BytePath): string {
    return fingerprintOf(lstatSync(toBytes(path), { bigint: true }));
  }

  /** Brings a file by hand to where the one that was decided last is to go. */
  storeInPlace(file: BytePath, move: (from: Buffer, to: Buffer) => void = renameSync): void {
    const destination = this.records.ledger().at(-1)?.destination;
    assert.ok(destination !== undefined);
    mkdirSync(toBytes(dirname(destination)), { recursive: true });
    move(toBytes(file), toBytes(destination));
  }

  /** Both: a complete file. */
  offer(name: Name, content: string | Buffer): BytePath {
    const path = this.drop(name, content);
    this.enqueue(path);
    return path;
  }

  /** Many of them, in one transaction as the discoverer does it. */
  offerAll(contents: ReadonlyMap<string, string>): void {
    const paths = [...contents].map(([name, content]) => this.drop(name, content));
    writeTransaction(this.hand.state, () => {
      for (const path of paths) this.enqueue(path);
    });
  }

  /** Another worker finishes everything: for what a dead one left behind, too. */
  async recover(): Promise<void> {
    const hand = this.anotherHand('recovery');
    hand.takeLeasesOfOthers();
    await hand.run();
  }

  /** Names below the input, relative, hidden ones too. */
  left(): string[] {
    return filesBelow(toText(this.input));
  }

  /** Names below the warehouse, relative to their partition, `_duplicates/` in front where they are there. */
  stored(directory = this.warehouse): string[] {
    return filesBelow(toText(directory))
      .filter((name) => name !== '.wharfinger')
      .map((name) => name.replace(/ingest_date=\d{4}-\d\d-\d\d\//, ''));
  }

  lines(): ManifestRecord[] {
    return manifestTexts(this.manifests).flatMap(({ text }) => recordsIn(text));
  }

  /** Where a file lies that was stored under this name today. */
  storedAt(name: string): BytePath {
    const found = filesBelow(toText(this.warehouse)).find((path) => path.endsWith(`/${name}`));
    assert.ok(found !== undefined, `${name} is in the warehouse: ${this.stored()}`);
    return fromText(`${toText(this.warehouse)}/${found}`);
  }

  /**
   * What must hold at the end of everything: exactly these contents are committed, each with one row, one line and one file;
   * nothing is in flight, nothing is half done anywhere, and `verify --deep` agrees.
   */
  async assertSound(committed: readonly (string | Buffer)[]): Promise<void> {
    const hashes = committed.map(sha256Of).sort();
    const rows = this.records.ledger();
    assert.deepEqual(
      rows.map(({ state }) => state),
      rows.map(() => 'committed'),
      'no row in flight',
    );
    assert.deepEqual(rows.map(({ sha256 }) => sha256).sort(), hashes, 'the rows of the ledger');
    const lines = this.lines();
    assert.deepEqual(lines.map(({ sha256 }) => sha256).sort(), hashes, 'the lines of the manifests');
    for (const { path, sha256 } of lines) assert.equal(sha256Of(readFileSync(path)), sha256, path);
    const settled = this.records.duplicates().filter(({ state }) => state === 'settled');
    assert.equal(settled.length, this.records.duplicates().length, 'no duplicate in flight');
    const { files, duplicates } = this.records.totals() ?? {};
    assert.deepEqual({ files, duplicates }, { files: rows.length, duplicates: settled.length }, 'the totals');
    const everywhere = [...this.left(), ...this.stored()];
    assert.deepEqual(
      everywhere.filter((name) => /\.wharfinger-/.test(name)),
      [],
      'nothing half done',
    );
    assert.deepEqual(await this.findings(), [], 'verify');
  }

  async findings(): Promise<string[]> {
    const findings: string[] = [];
    await verify({
      state: this.hand.state,
      deep: true,
      report: {
        finding: ({ problem, path, detail }) => findings.push(`${problem} ${toText(path)}: ${detail}`),
        note: ({ note, path, detail }) => findings.push(`${note} ${toText(path)}: ${detail}`),
        progress: () => undefined,
      },
    });
    return findings;
  }
}

export const sha256Of = (content: string | Buffer): string =>
  createHash('sha256').update(content).digest('hex');

export const read = (path: BytePath): string => readFileSync(toBytes(path), 'utf8');
