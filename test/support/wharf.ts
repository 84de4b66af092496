import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Exit, Program, runProgram } from './program.ts';
import { tempDir } from './temp.ts';

export const sha256Of = (content: string | Buffer): string =>
  createHash('sha256').update(content).digest('hex');

export type WharfOptions = { root?: string; warehouse?: string; state?: string; args?: readonly string[] };

/** Directories and a state file of one test, and the program run on them. Kept, and named, when the test fails. */
export class Wharf {
  readonly root: string;
  readonly input: string;
  readonly warehouse: string;
  readonly manifests: string;
  readonly state: string;
  readonly #args: readonly string[];
  /** Every content that was ever dropped, by hash. */
  readonly dropped = new Map<string, string>();

  constructor(t: TestContext, { root, warehouse, state, args = [] }: WharfOptions = {}) {
    this.root = root ?? tempDir(t);
    this.input = join(this.root, 'in');
    this.warehouse = warehouse ?? join(this.root, 'warehouse');
    this.manifests = join(this.root, 'manifests');
    this.state = state ?? join(this.root, 'state', 'state.db');
    this.#args = args;
    for (const directory of [this.input, this.warehouse, this.manifests])
      mkdirSync(directory, { recursive: true });
  }

  drop(name: string, content: string): string {
    const path = join(this.input, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    this.dropped.set(sha256Of(content), content);
    return path;
  }

  /** Options of `start` for these directories; a stability of 0 s takes at once what nobody is writing. */
  args(...more: readonly string[]): string[] {
    const { input, warehouse, manifests, state } = this;
    const directories = [
      '--input',
      input,
      '--warehouse',
      warehouse,
      '--manifests',
      manifests,
      '--state-path',
      state,
    ];
    return [
      'start',
      ...directories,
      '--stability-seconds',
      '0',
      '--workers',
      '2',
      '--log-level',
      'debug',
      ...this.#args,
      ...more,
    ];
  }

  start(more: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Program {
    return new Program(this.args(...more), env);
  }

  async once(more: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Exit> {
    return await runProgram(this.args('--once', ...more), env);
  }

  async verify(): Promise<Exit> {
    return await runProgram(['verify', '--deep', '--state-path', this.state]);
  }

  /** Relative paths of all files below the input, hidden ones too. */
  left(): string[] {
    return filesBelow(this.input);
  }

  /** Relative paths of the files in the partitions. */
  stored(): string[] {
    return filesBelow(this.warehouse).filter((path) => path.startsWith('ingest_date='));
  }

  /** Resolves when the manifest has this many lines. */
  async landed(count: number, timeoutMs = 60_000): Promise<void> {
    const endsAt = performance.now() + timeoutMs;
    while (this.manifest().length < count) {
      if (performance.now() > endsAt)
        throw new Error(`${this.manifest().length} of ${count} landed within ${timeoutMs} ms`);
      await delay(20);
    }
  }

  manifest(): { path: string; sha256: string; id: number; source: string; size: number }[] {
    const files = filesBelow(this.manifests).filter((path) => path.endsWith('.jsonl'));
    return files.flatMap((path) => {
      const text = readFileSync(join(this.manifests, path), 'utf8');
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      return whole
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    });
  }

  /** Every content that was dropped is in the warehouse once, with one line that tells the truth, and nothing else is anywhere. */
  async assertAllLandedOnce(): Promise<void> {
    const records = this.manifest();
    const hashes = records.map(({ sha256 }) => sha256).sort();
    assert.deepEqual(hashes, [...this.dropped.keys()].sort(), 'one manifest line for each content');
    for (const { path, sha256 } of records) assert.equal(sha256Of(readFileSync(path)), sha256, path);
    assert.equal(
      this.stored().length,
      records.length,
      `nothing but committed files in the partitions: ${this.stored()}`,
    );
    assert.deepEqual(this.left(), [], 'nothing left in the input');
    const hidden = filesBelow(this.warehouse).filter((path) => path.includes('/.wharfinger-'));
    assert.deepEqual(hidden, [], 'no temporary copy left');
    const verified = await this.verify();
    assert.equal(verified.code, 0, `verify: ${verified.stdout}${verified.stderr}`);
  }
}

/** Relative paths of everything below that is not a directory. */
export function filesBelow(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}
