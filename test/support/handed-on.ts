import assert from 'node:assert/strict';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openState } from '../../shared/state/open.ts';
import type { Swift } from './object-store/swift.ts';
import type { StayRecord } from './pier.ts';
import { type Exit, Program, runProgram } from './program.ts';
import { tempDir } from './temp.ts';
import { filesBelow, sha256Of } from './wharf.ts';

/** Longer than anything takes that is waited for here. */
const PATIENCE_MS = 60_000;

const PACE = ['--workers', '2', '--retry-seconds', '0.2', '--scan-seconds', '1', '--lease-seconds', '5'];

/** Directories and a state file of one test whose files go to buckets of a real server. */
abstract class HandedOn {
  readonly root: string;
  readonly swift: Swift;
  readonly state: string;
  readonly credentials: string;

  /** @param url where the server is reached, a fault proxy say; by itself where it is not given */
  constructor(t: TestContext, swift: Swift, url = swift.url) {
    this.root = tempDir(t);
    this.swift = swift;
    this.state = join(this.root, 'state', 'state.db');
    this.credentials = join(this.root, 'credentials');
    const { accessKeyId, secretAccessKey, region } = swift;
    const lines = {
      provider: 's3',
      aws_access_key_id: accessKeyId,
      aws_secret_access_key: secretAccessKey,
      region,
      endpoint: url,
    };
    const text = Object.entries(lines).map(([key, value]) => `${key} = ${value}\n`);
    writeFileSync(this.credentials, `[lab]\n${text.join('')}`, { mode: 0o600 });
  }

  abstract args(...more: readonly string[]): string[];

  once(env: NodeJS.ProcessEnv = {}, ...more: readonly string[]): Promise<Exit> {
    return runProgram(this.args('--once', ...more), env);
  }

  /** The program, until it is stopped. */
  run(env: NodeJS.ProcessEnv = {}, ...more: readonly string[]): Program {
    return new Program(this.args(...more), env);
  }

  /** Another command on the state file. */
  command(...args: readonly string[]): Promise<Exit> {
    return runProgram([...args, '--state-path', this.state]);
  }

  /** Reads the state file, which must be there. */
  read<Row>(sql: string): Row[] {
    const state = openState(this.state, { readonly: true });
    try {
      return state.prepare<[], Row>(sql).all();
    } finally {
      state.close();
    }
  }

  records(): StayRecord[] {
    return this.read<StayRecord>('SELECT * FROM file_records ORDER BY id');
  }

  /** What became of each stay, in their order. */
  ends(): string[] {
    return this.records().map(({ filepath, current_state }) => `${filepath} ${current_state}`);
  }

  jobs(): { id: number; kind: string; state: string; key: string; reason: string | null }[] {
    return this.read('SELECT id, kind, state, CAST(key AS TEXT) AS key, reason FROM jobs ORDER BY id');
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

  /** The sha256 of each object, by its key. */
  async objects(bucket: string): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const { key } of await this.swift.objects(bucket))
      found[key] = sha256Of(await this.swift.read(bucket, key));
    return found;
  }

  /** Nothing is on its way any more, here or on the server. */
  async assertAtRest(...buckets: readonly string[]): Promise<void> {
    assert.deepEqual(this.jobs(), [], 'the queue');
    const over = ['completed', 'failed', 'gone'];
    const open = this.records().filter(({ current_state }) => !over.includes(current_state));
    assert.deepEqual(open, [], 'open stays');
    const unfinished = this.read('SELECT * FROM objects WHERE upload_id IS NOT NULL OR asked_ms IS NOT NULL');
    assert.deepEqual(unfinished, [], 'uploads in parts on record');
    for (const bucket of buckets)
      assert.deepEqual(await this.swift.uploads(bucket), [], 'unfinished uploads');
  }
}

/** The sha256 of each of these contents, as `objects` has it. */
export const sums = (contents: Readonly<Record<string, string | Buffer>>): Record<string, string> =>
  Object.fromEntries(Object.entries(contents).map(([key, content]) => [key, sha256Of(content)]));

/** One directory that `watch` sends to one bucket; the keys are the paths below it. */
export class Slip extends HandedOn {
  readonly out: string;
  readonly bucket: string;
  readonly #options: readonly string[];

  static async make(t: TestContext, swift: Swift, { url, options }: SlipOptions = {}): Promise<Slip> {
    return new Slip(t, swift, await swift.makeBucket(), url, options);
  }

  private constructor(
    t: TestContext,
    swift: Swift,
    bucket: string,
    url: string | undefined,
    options: readonly string[] = [],
  ) {
    super(t, swift, url);
    this.bucket = bucket;
    this.out = join(this.root, 'out');
    this.#options = options;
    mkdirSync(this.out);
  }

  args(...more: readonly string[]): string[] {
    const { out, bucket, credentials, state } = this;
    const where = ['--target', out, '--profile', 'lab', '--bucket', bucket, '--credentials', credentials];
    return ['watch', ...where, '--key', '{path}', '--state-path', state, ...PACE, ...this.#options, ...more];
  }

  at(name: string): string {
    return join(this.out, name);
  }

  /** Writes a file in place, as most programs do. */
  write(name: string, content: string | Buffer): string {
    mkdirSync(dirname(this.at(name)), { recursive: true });
    writeFileSync(this.at(name), content);
    return this.at(name);
  }

  /** Every file of the target, hidden ones too. */
  left(): string[] {
    return filesBelow(this.out);
  }
}

export type SlipOptions = { url?: string; options?: readonly string[] };

export type SinkDraft = { bucket: string; [setting: string]: unknown };

/** One route whose committed files go to sinks. */
export class Chandler extends HandedOn {
  readonly input: string;
  readonly warehouse: string;
  readonly #config: string;

  constructor(t: TestContext, swift: Swift, sinks: readonly SinkDraft[], url?: string) {
    super(t, swift, url);
    this.input = join(this.root, 'in');
    this.warehouse = join(this.root, 'warehouse');
    this.#config = join(this.root, 'wharfinger.yaml');
    mkdirSync(this.input);
    this.configure(sinks);
  }

  /** From its next start the route has these sinks. */
  configure(sinks: readonly SinkDraft[]): void {
    const { credentials } = this;
    const route = {
      name: 'orders',
      input: 'in',
      stability_seconds: 0,
      sinks: sinks.map((sink) => ({ type: 's3', credentials, profile: 'lab', ...sink })),
    };
    const places = { warehouse: 'warehouse', manifests: 'manifests', state_path: 'state/state.db' };
    writeFileSync(this.#config, JSON.stringify({ ...places, routes: [route] }));
  }

  args(...more: readonly string[]): string[] {
    return ['start', '--config', this.#config, ...PACE, ...more];
  }

  /** Puts a whole file into the input, as `mv` does. */
  drop(name: string, content: string | Buffer): void {
    const path = join(this.input, name);
    const made = join(this.root, 'new');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(made, content);
    renameSync(made, path);
  }

  /** The paths of what is in the warehouse, below its partitions. */
  stored(): string[] {
    if (!existsSync(this.warehouse)) return [];
    return filesBelow(this.warehouse).flatMap((path) => /^ingest_date=[^/]+\/(.*)$/s.exec(path)?.[1] ?? []);
  }

  /** Where a file of the warehouse is that was committed today. */
  at(name: string): string {
    const found = filesBelow(this.warehouse).find((path) => path.endsWith(`/${name}`));
    if (found === undefined) throw new Error(`${name} is not in the warehouse`);
    return join(this.warehouse, found);
  }
}
