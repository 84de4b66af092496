import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openState } from '../../shared/state/open.ts';
import { type Exit, Program, runProgram } from './program.ts';
import { tempDir } from './temp.ts';
import { filesBelow } from './wharf.ts';

/** Why no test can read an archive with somebody else's program; undefined where it can. */
export function cannotReadArchives(): string | undefined {
  const missing = ['python3', 'unzip'].filter((tool) => spawnSync(tool, ['--help']).error !== undefined);
  return missing.length === 0 ? undefined : `${missing.join(' and ')} must be installed`;
}

/** Longer than anything takes that is waited for here. */
const PATIENCE_MS = 60_000;

const PACE = ['--workers', '2', '--retry-seconds', '0.2', '--scan-seconds', '1', '--lease-seconds', '5'];

export type YardOptions = {
  /** What each sink says beside its base; one sink unless given. */
  sinks?: readonly Readonly<Record<string, unknown>>[];
  /** The same of the route. */
  route?: Readonly<Record<string, unknown>>;
};

/** A row of `archive_deposits`, as far as tests ask. */
export type DepositRow = {
  id: number;
  sink_id: number;
  archive: string;
  member: string;
  state: string;
  volume: string | null;
  stored_as: string | null;
  release: string | null;
};

/** An input whose files go into archives, a state file, and the program run on them. What was dropped is counted here. */
export class ArchiveYard {
  readonly root: string;
  readonly input: string;
  readonly warehouse: string;
  readonly base: string;
  readonly state: string;
  /** By name. */
  readonly dropped = new Map<string, string>();
  readonly #config: string;
  #made = 0;

  constructor(t: TestContext, { sinks = [{}], route = {} }: YardOptions = {}) {
    this.root = tempDir(t);
    this.input = join(this.root, 'in');
    this.warehouse = join(this.root, 'warehouse');
    this.base = join(this.root, 'archives');
    this.state = join(this.root, 'state', 'state.db');
    this.#config = join(this.root, 'wharfinger.yaml');
    for (const directory of [this.input, this.base]) mkdirSync(directory);
    const all = { type: 'archive', base: 'archives', archive: 'all.zip', publish_seconds: 1 };
    const settings = {
      warehouse: 'warehouse',
      manifests: 'manifests',
      state_path: 'state/state.db',
      routes: [
        {
          name: 'yard',
          input: 'in',
          stability_seconds: 0,
          ...route,
          sinks: sinks.map((sink) => ({ ...all, ...sink })),
        },
      ],
    };
    writeFileSync(this.#config, JSON.stringify(settings));
  }

  args(...more: readonly string[]): string[] {
    return ['start', '--config', this.#config, ...PACE, '--log-level', 'debug', ...more];
  }

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

  /** Puts a whole file into the input, as `mv` does. */
  drop(name: string, content = `content of ${name}\n`.repeat(20)): void {
    const made = join(this.root, `new-${++this.#made}`);
    const path = join(this.input, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(made, content);
    renameSync(made, path);
    this.dropped.set(name, content);
  }

  dropMany(count: number, prefix = 'f'): void {
    for (let n = 0; n < count; n++) this.drop(`${prefix}${n}.csv`);
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

  jobs(): { kind: string; state: string; reason: string | null }[] {
    return this.read('SELECT kind, state, reason FROM jobs ORDER BY id');
  }

  deposits(): DepositRow[] {
    return this.read(
      'SELECT id, sink_id, archive, member, state, volume, stored_as, release FROM archive_deposits ORDER BY id',
    );
  }

  /** The paths of what is in the warehouse, below its partitions. */
  stored(): string[] {
    if (!existsSync(this.warehouse)) return [];
    return filesBelow(this.warehouse)
      .flatMap((path) => /^ingest_date=[^/]+\/(.*)$/s.exec(path)?.[1] ?? [])
      .sort();
  }

  /** Where a file of the warehouse is that was committed today. */
  at(name: string): string {
    const found = filesBelow(this.warehouse).find((path) => path.endsWith(`/${name}`));
    if (found === undefined) throw new Error(`${name} is not in the warehouse`);
    return join(this.warehouse, found);
  }

  /** Every volume, below the base. */
  volumes(): string[] {
    return filesBelow(this.base)
      .filter(
        (path) => path.endsWith('.zip') && !path.startsWith('inbox/') && !path.startsWith('.wharfinger/'),
      )
      .sort();
  }

  /** Each member of each volume with its SHA-256, as Python reads them: `volume:member sha256`. */
  members(): string[] {
    const volumes = this.volumes();
    if (volumes.length === 0) return [];
    const found = execFileSync('python3', ['-c', LIST, this.base, ...volumes], { encoding: 'utf8' });
    return (JSON.parse(found) as string[]).sort();
  }

  /** Looks again and again until something holds of the state file, since nothing tells of it. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const endsAt = performance.now() + PATIENCE_MS;
    while (!holds()) {
      if (performance.now() > endsAt) {
        const left = JSON.stringify({ jobs: this.jobs(), deposits: this.deposits() }, undefined, 1);
        throw new Error(`not within ${PATIENCE_MS} ms: ${what}\n${left}`);
      }
      await delay(20);
    }
  }

  /** Each file that was dropped is in the archive once, with its content, and the state file, `verify` and `unzip -t` agree. */
  async assertAllArchivedOnce(archives: readonly string[] = ['all.zip']): Promise<void> {
    const expected = archives.flatMap((archive) =>
      [...this.dropped].map(([name, content]) => `${archive}:${name} ${sha256Of(content)}`),
    );
    // Which volume was full when is left to chance.
    const found = this.members().map((member) => member.replace(/(-\d+)?\.zip:/, '.zip:'));
    assert.deepEqual(found.sort(), expected.sort());
    for (const volume of this.volumes()) execFileSync('unzip', ['-tq', join(this.base, volume)]);
    assert.deepEqual(this.jobs(), [], 'the queue');
    assert.deepEqual(
      this.deposits().filter(({ state }) => state !== 'published'),
      [],
      'all are published',
    );
    const [totals] = this.read<{ files: number; bytes: number }>(
      'SELECT archived_files AS files, archived_bytes AS bytes FROM totals',
    );
    const bytes = [...this.dropped.values()].reduce((sum, content) => sum + Buffer.byteLength(content), 0);
    const sinks = archives.length;
    assert.deepEqual(totals, { files: this.dropped.size * sinks, bytes: bytes * sinks }, 'totals');
    const inbox = join(this.base, 'inbox');
    assert.deepEqual(existsSync(inbox) ? filesBelow(inbox) : [], [], 'the inbox');
    const verified = await this.command('verify', '--deep');
    assert.equal(verified.code, 0, `verify: ${verified.stdout}${verified.stderr}`);
    assert.doesNotMatch(verified.stdout, /not compared/);
  }
}

const sha256Of = (content: string): string => createHash('sha256').update(content).digest('hex');

const LIST = `
import hashlib, json, os, sys, zipfile
found = []
for volume in sys.argv[2:]:
    with zipfile.ZipFile(os.path.join(sys.argv[1], volume)) as archive:
        for name in archive.namelist():
            found.append(volume + ':' + name + ' ' + hashlib.sha256(archive.read(name)).hexdigest())
print(json.dumps(found))
`;
