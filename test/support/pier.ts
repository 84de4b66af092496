import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openState, type State } from '../../shared/state/open.ts';
import type { Swift } from './object-store/swift.ts';
import { type Exit, Program, runProgram } from './program.ts';
import { tempDir } from './temp.ts';
import { filesBelow, sha256Of } from './wharf.ts';

export type StayRecord = {
  id: number;
  profile: string;
  bucket: string;
  filepath: string;
  current_state: string;
  upload_outcome: string | null;
  attempt: number;
  reason: string | null;
  retries: number;
};

/** A row of `upload_attempts` with the file that it is about. */
export type Attempt = {
  filepath: string;
  number: number;
  started_at: string;
  ended_at: string;
  outcome: string;
  error: string | null;
};

/** Longer than anything takes that is waited for here. */
const PATIENCE_MS = 90_000;

/** A server directory of one test with its state file, a bucket of a real server, and `serve` run on them. */
export class Pier {
  readonly root: string;
  readonly directory: string;
  readonly state: string;
  readonly bucket: string;
  readonly swift: Swift;
  credentials: string;
  /** Every file that was put, by its key, with the sha256 of what it held last. */
  readonly put = new Map<string, string>();
  readonly #profiles = new Map<string, Readonly<Record<string, string>>>();

  /**
   * @param url where the server is reached, a fault proxy say; by itself where it is not given
   * @param root where all directories are; a temporary one where it is not given
   */
  static async make(t: TestContext, swift: Swift, url?: string, root?: string): Promise<Pier> {
    return new Pier(root ?? tempDir(t), swift, await swift.makeBucket(), url);
  }

  private constructor(root: string, swift: Swift, bucket: string, url: string | undefined) {
    this.root = root;
    this.directory = join(this.root, 'server');
    this.state = join(this.root, 'state', 'state.db');
    this.swift = swift;
    this.bucket = bucket;
    this.credentials = swift.credentialsFile;
    if (url !== undefined) this.reachBy(url);
    for (const place of ['incoming', 'incoming_tmp', 'processing', 'completed', 'failed'])
      mkdirSync(join(this.directory, place, 'lab'), { recursive: true });
  }

  /** From now on the server is reached here. */
  reachBy(url: string, changes: Readonly<Record<string, string>> = {}): void {
    this.addProfile('lab', url, changes);
  }

  /** From now on there is such a profile, or it is this. */
  addProfile(name: string, url: string, changes: Readonly<Record<string, string>> = {}): void {
    this.#profiles.set(name, {
      provider: 's3',
      aws_access_key_id: this.swift.accessKeyId,
      aws_secret_access_key: this.swift.secretAccessKey,
      region: this.swift.region,
      endpoint: url,
      ...changes,
    });
    const lines = [...this.#profiles].flatMap(([profile, settings]) => [
      `[${profile}]`,
      ...Object.entries(settings).map(([key, value]) => `${key} = ${value}`),
    ]);
    this.credentials = join(this.root, 'credentials');
    writeFileSync(`${this.credentials}.new`, `${lines.join('\n')}\n`, { mode: 0o600 });
    renameSync(`${this.credentials}.new`, this.credentials);
  }

  at(place: string, key: string, bucket = this.bucket, profile = 'lab'): string {
    return join(this.directory, place, profile, bucket, key);
  }

  /** Puts a whole file into `incoming`, as `mv` does. */
  drop(key: string, content: string | Buffer, bucket = this.bucket, profile = 'lab'): string {
    const path = this.at('incoming', key, bucket, profile);
    const made = join(this.root, `new-${basename(key).slice(0, 20)}-${randomBytes(4).toString('hex')}`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(made, content);
    renameSync(made, path);
    if (bucket === this.bucket && profile === 'lab') this.put.set(key, sha256Of(content));
    return path;
  }

  args(...more: readonly string[]): string[] {
    const { directory, credentials, state } = this;
    return [
      ...['serve', '--server-directory', directory, '--credentials', credentials, '--state-path', state],
      ...['--workers', '2', '--retry-seconds', '0.2', '--scan-seconds', '1', '--lease-seconds', '5'],
      ...more,
    ];
  }

  once(env: NodeJS.ProcessEnv = {}, ...more: readonly string[]): Promise<Exit> {
    return runProgram(this.args('--once', ...more), env);
  }

  serve(env: NodeJS.ProcessEnv = {}, ...more: readonly string[]): Program {
    return new Program(this.args(...more), env);
  }

  /** Reads the state file, which must be there. */
  read<Row>(sql: string): Row[] {
    const state: State = openState(this.state, { readonly: true });
    try {
      return state.prepare<[], Row>(sql).all();
    } finally {
      state.close();
    }
  }

  records(): StayRecord[] {
    return this.read<StayRecord>('SELECT * FROM file_records ORDER BY id');
  }

  jobs(): { state: string; key: string; reason: string | null }[] {
    return this.read('SELECT state, CAST(key AS TEXT) AS key, reason FROM jobs ORDER BY id');
  }

  /** Every attempt at every file, in the order in which they ended. */
  attempts(filepath?: string): Attempt[] {
    const rows = this.read<Attempt>(`
      SELECT filepath, number, started_at, ended_at, outcome, error
      FROM upload_attempts JOIN file_records ON file_records.id = record_id ORDER BY upload_attempts.id`);
    return filepath === undefined ? rows : rows.filter((row) => row.filepath === filepath);
  }

  /** `wharfinger queue …` on the state file, which must work. */
  async queue(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await runProgram(['queue', ...args, '--state-path', this.state]);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  /** Looks again and again until something holds of the files or the rows, since nothing tells of them. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const endsAt = performance.now() + PATIENCE_MS;
    while (!holds()) {
      if (performance.now() > endsAt) {
        const left = JSON.stringify({ jobs: this.jobs(), records: this.records() }, undefined, 1);
        throw new Error(`not within ${PATIENCE_MS} ms: ${what}\n${left}`);
      }
      await delay(20);
    }
  }

  files(place: string, bucket = this.bucket, profile = 'lab'): string[] {
    const root = join(this.directory, place, profile, bucket);
    return existsSync(root) ? filesBelow(root).sort() : [];
  }

  /** What must hold at the end of everything: each file that was put is in `completed` once, whole in the bucket, and nowhere else. */
  async assertAllUploadedOnce(): Promise<void> {
    const keys = [...this.put.keys()].sort();
    assert.deepEqual(this.files('completed'), keys, 'the files in completed');
    for (const place of ['incoming', 'incoming_tmp', 'processing', 'failed'])
      assert.deepEqual(this.files(place), [], `the files in ${place}`);
    const objects = await this.swift.objects(this.bucket);
    assert.deepEqual(objects.map(({ key }) => key).sort(), keys, 'the objects');
    for (const [key, sha256] of this.put) {
      assert.equal(sha256Of(await this.swift.read(this.bucket, key)), sha256, `the object ${key}`);
      assert.equal(sha256Of(readFileSync(this.at('completed', key))), sha256, `the file ${key}`);
    }
    assert.deepEqual(await this.swift.uploads(this.bucket), [], 'unfinished uploads');
    assert.deepEqual(this.jobs(), [], 'the queue');
    const over = ['completed', 'failed', 'gone'];
    const open = this.records().filter(({ current_state }) => !over.includes(current_state));
    assert.deepEqual(open, [], 'open records');
    const unfinished = this.read('SELECT * FROM objects WHERE upload_id IS NOT NULL OR asked_ms IS NOT NULL');
    assert.deepEqual(unfinished, [], 'uploads in parts on record');
  }
}
