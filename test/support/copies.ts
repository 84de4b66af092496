import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fromText } from '../../shared/fs/byte-path.ts';
import { openState, type State } from '../../shared/state/open.ts';
import { type Copied, type CopyContext, copyIn } from '../../shared/uploads/copies.ts';
import { removeDeadCopies } from '../../shared/uploads/copy-cleaning.ts';
import { type CopyPoint, noCopyPoints } from '../../shared/uploads/copy-points.ts';
import { CopyRecords } from '../../shared/uploads/copy-records.ts';
import { prepareServer } from '../../shared/uploads/prepare-server.ts';
import { tempDir } from './temp.ts';

export type RecordRow = { id: number; filepath: string; current_state: string; reason: string | null };

/** A server directory that no server runs on, with a profile `lab` and a state file. */
export class CopyPlace {
  readonly root: string;
  readonly directory: string;
  readonly credentials: string;
  readonly statePath: string;
  readonly #context: TestContext;
  #state: State | undefined;

  constructor(t: TestContext, root = tempDir(t)) {
    this.#context = t;
    this.root = root;
    this.directory = join(root, 'server');
    this.credentials = join(root, 'credentials');
    this.statePath = join(root, 'state.db');
    mkdirSync(this.directory, { recursive: true });
    prepareServer(this.directory, ['lab']);
    writeFileSync(
      this.credentials,
      '[lab]\nprovider = s3\naws_access_key_id = a\naws_secret_access_key = b\nregion = us-east-1\nendpoint_url = http://127.0.0.1:9\n',
    );
    chmodSync(this.credentials, 0o600);
  }

  get state(): State {
    if (this.#state === undefined) {
      const state = openState(this.statePath);
      this.#context.after(() => state.close());
      this.#state = state;
    }
    return this.#state;
  }

  get records(): CopyRecords {
    return new CopyRecords(this.state, () => 1_730_000_000_000);
  }

  /** The options of a command that names this place. */
  get options(): string[] {
    return [
      ...['--server-directory', this.directory],
      ...['--credentials', this.credentials],
      ...['--state-path', this.statePath],
    ];
  }

  /** Writes a file below the root, with the directories above it. @returns its path */
  write(name: string, content: string): string {
    const path = join(this.root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  context(
    reach: (point: CopyPoint) => void = noCopyPoints.reach,
    more: Partial<CopyContext> = {},
  ): CopyContext {
    let made = 0;
    return {
      serverDirectory: fromText(this.directory),
      known: new Set(),
      unique: () => {
        made += 1;
        return made.toString(16).padStart(8, '0');
      },
      records: this.records,
      force: false,
      points: { reach },
      ...more,
    };
  }

  copy(source: string, key: string, context = this.context()): Promise<Copied> {
    return copyIn(
      { path: fromText(source), followLink: true },
      { profile: 'lab', bucket: 'buck', key },
      context,
    );
  }

  /** Cleans up as a server that starts does. @returns what was removed and what was left, by the name in `incoming_tmp` */
  async clean(
    reach: (point: CopyPoint) => void = noCopyPoints.reach,
  ): Promise<{ removed: string[]; left: string[] }> {
    const found = { removed: [] as string[], left: [] as string[] };
    const nameOf = (path: string) => path.slice(join(this.directory, 'incoming_tmp').length + 1);
    await removeDeadCopies(fromText(this.directory), {
      points: { reach },
      removed: (path) => found.removed.push(nameOf(path)),
      left: (path, why) => found.left.push(`${nameOf(path)}: ${why}`),
    });
    this.records.settleDead(fromText(this.directory));
    return { removed: found.removed.sort(), left: found.left.sort() };
  }

  /** The files in a place, by their paths below it. */
  files(place: 'incoming' | 'incoming_tmp'): string[] {
    const directory = join(this.directory, place);
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
      .sort();
  }

  read(key: string): string {
    return readFileSync(join(this.directory, 'incoming/lab/buck', key), 'utf8');
  }

  rows(): RecordRow[] {
    return this.state
      .prepare<[], RecordRow>('SELECT id, filepath, current_state, reason FROM file_records ORDER BY id')
      .all();
  }

  states(id: number): string[] {
    return this.state
      .prepare<[number], string>('SELECT state FROM file_states WHERE record_id = ? ORDER BY rowid')
      .pluck()
      .all(id);
  }
}
