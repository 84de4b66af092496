import type { WharfingerError } from '../../../shared/errors.ts';
import { toText } from '../../../shared/fs/byte-path.ts';
import type { Copied } from '../../../shared/uploads/copies.ts';
import type { CliContext } from '../context.ts';
import { bytes, count, escapeControls, pathFields, plural } from '../format/text.ts';
import type { Destination } from './destination.ts';
import { CopyBar, type CopyFigures } from './progress-bar.ts';
import type { NotCopied, Plan, PlannedFile } from './sources.ts';

/** A file that is in `incoming`. */
export type Delivered = { file: PlannedFile; copied: Copied };

/** How a file that was followed ended; `copied` where that was not waited for. */
export type End = { is: 'copied' | 'present' | 'completed' | 'failed' | 'gone'; why: string | undefined };

type ReportOptions = { destination: Destination; json: boolean; plan: Plan };

/** Says what becomes of each file: messages, the bar and the last line to stderr; with `json` a line a file to stdout. */
export class CopyReport {
  readonly #context: CliContext;
  readonly #destination: Destination;
  readonly #json: boolean;
  readonly #files: readonly PlannedFile[];
  readonly #bar: CopyBar;
  readonly #figures: CopyFigures;
  readonly #counts = {
    copied: 0,
    copiedBytes: 0,
    replaced: 0,
    present: 0,
    failed: 0,
    skipped: 0,
    uploaded: 0,
    lost: 0,
  };

  constructor(context: CliContext, { destination, json, plan }: ReportOptions) {
    this.#context = context;
    this.#destination = destination;
    this.#json = json;
    this.#files = plan.files;
    this.#bar = new CopyBar(context.stderr, () => context.clock.monotonicMs());
    const allBytes = plan.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.#figures = { files: 0, bytes: 0, allFiles: plan.files.length, allBytes };
  }

  get failed(): number {
    return this.#counts.failed;
  }

  /** `s3://lab/archive/key`. */
  uri(key: string): string {
    const { profile, bucket } = this.#destination;
    return `s3://${profile}/${bucket}/${escapeControls(key)}`;
  }

  notCopied({ source, is, why }: NotCopied): void {
    this.#counts[is] += 1;
    this.say(`${escapeControls(toText(source))} is ${is === 'failed' ? 'not copied' : 'left out'}: ${why}`);
    this.#line({ status: is, ...pathFields('source', source), reason: why });
  }

  /** Of the file that is being copied. */
  progress(bytesOfFile: number): void {
    this.#bar.show({ ...this.#figures, bytes: this.#figures.bytes + bytesOfFile });
  }

  couldNot({ source, key, sizeBytes }: PlannedFile, { message, hint }: WharfingerError): void {
    this.#counts.failed += 1;
    this.#done(sizeBytes);
    const why = `${message}${hint === undefined ? '' : `; ${hint}`}`;
    this.say(`${escapeControls(toText(source))} is not copied: ${escapeControls(why)}`);
    this.#line({ status: 'failed', ...pathFields('source', source), ...this.#where(key), reason: why });
  }

  delivered({ file, copied }: Delivered): void {
    const { outcome, sizeBytes } = copied;
    this.#done(file.sizeBytes);
    if (outcome === 'present') {
      this.#counts.present += 1;
      this.say(`${this.uri(file.key)} waits there already, with this content`);
      return;
    }
    if (outcome === 'replaced') this.#counts.replaced += 1;
    this.#counts.copied += 1;
    this.#counts.copiedBytes += sizeBytes;
  }

  /** The one line of a file that was delivered, when nothing more is going to be said of it. */
  end({ file, copied }: Delivered, { is, why }: End): void {
    if (is === 'completed') this.#counts.uploaded += 1;
    if (is === 'failed' || is === 'gone') {
      this.#counts.failed += 1;
      this.#counts.lost += 1;
      const what = is === 'failed' ? 'was not uploaded' : 'is gone';
      this.say(`${this.uri(file.key)} ${what}: ${escapeControls(why ?? 'nobody knows why')}`);
    }
    this.#line({
      status: is,
      ...pathFields('source', file.source),
      ...this.#where(file.key),
      size: copied.sizeBytes,
      sha256: copied.sha256?.toString('hex') ?? null,
      record: copied.record ?? null,
      ...(why === undefined ? {} : { reason: why }),
    });
  }

  /** `3 files, 12 KB copied to s3://lab/archive/`, and what else is to be known. */
  summary(): void {
    const { copied, copiedBytes, replaced, present, failed, skipped } = this.#counts;
    const { path, isDirectory } = this.#destination;
    const [only, another] = this.#files;
    // Where a single file goes, `placeOf` may have decided.
    const key = another === undefined && only !== undefined ? only.key : undefined;
    const to = this.uri(key ?? (path === '' || !isDirectory ? path : `${path}/`));
    const more = [
      ...(replaced > 0 ? [`${count(replaced)} replaced`] : []),
      ...(present > 0 ? [`${count(present)} waiting there already`] : []),
      ...(failed > 0 ? [`${count(failed)} not copied`] : []),
      ...(skipped > 0 ? [`${count(skipped)} left out`] : []),
    ];
    this.#bar.clear();
    const line = [`${plural(copied, 'file')}, ${bytes(copiedBytes)} copied to ${to}`, ...more].join('; ');
    this.#context.stderr.write(`${line}\n`);
  }

  /** `3 files uploaded`, when they were waited for. */
  waited(): void {
    const { uploaded, lost } = this.#counts;
    const line = [`${plural(uploaded, 'file')} uploaded`, ...(lost > 0 ? [`${count(lost)} not`] : [])].join(
      '; ',
    );
    this.#context.stderr.write(`${line}\n`);
  }

  /** A message of its own. */
  say(message: string): void {
    this.#bar.clear();
    this.#context.stderr.write(`wharfinger: ${message}\n`);
  }

  clear(): void {
    this.#bar.clear();
  }

  #done(sizeBytes: number): void {
    this.#figures.files += 1;
    this.#figures.bytes += sizeBytes;
    this.#bar.show(this.#figures);
  }

  #where(key: string): Record<string, string> {
    const { profile, bucket } = this.#destination;
    return { profile, bucket, key };
  }

  #line(record: Record<string, unknown>): void {
    if (this.#json) this.#context.stdout.write(`${JSON.stringify(record)}\n`);
  }
}
