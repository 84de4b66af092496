import { errnoOf } from '../../../../shared/errors.ts';
import type { Dialect } from '../../../../shared/tables/contract.ts';
import type { WaitingFile } from '../../../../shared/tables/task-files.ts';
import { Breath } from '../../breath.ts';
import { badFileOf, type OpenFile, withReadPath } from './read-files.ts';
import type { SchemaInHand } from './schema-in-hand.ts';
import type { BadFile } from './settle.ts';
import type { TableContext } from './table-context.ts';
import { DEFAULT_DIALECT, declaredDialect } from './table-schema.ts';

/** Files that were read, those that could not be, and those that somebody writes to at this moment. */
export type Audited = { open: OpenFile[]; bad: BadFile[]; written: WaitingFile[] };

type ReaderContext = Pick<TableContext, 'sink' | 'tools' | 'scratch' | 'clock' | 'signal'>;

/** Reads files from end to end before any of them is loaded. */
export class FileReader {
  readonly #context: ReaderContext;
  readonly #schema: SchemaInHand;

  constructor(context: ReaderContext, schema: SchemaInHand) {
    this.#context = context;
    this.#schema = schema;
  }

  /** At a stop it has read none. @throws TargetError where the machine is short of something */
  async audit(files: readonly WaitingFile[] = []): Promise<Audited> {
    const { clock, signal } = this.#context;
    const audited: Audited = { open: [], bad: [], written: [] };
    const breath = new Breath(clock);
    try {
      for (const file of files) {
        if (breath.isDue()) await breath.take();
        signal.throwIfAborted();
        await this.#readInto(audited, file);
      }
      return audited;
    } catch (error) {
      closeAll(audited);
      if (signal.aborted) return { open: [], bad: [], written: [] };
      throw error;
    }
  }

  async #readInto({ open, bad, written }: Audited, file: WaitingFile): Promise<void> {
    try {
      const one = await this.read(file);
      if (one === undefined) written.push(file);
      else open.push(one);
    } catch (error) {
      this.#context.signal.throwIfAborted();
      const one = badFileOf(file, error);
      if (!one.isSuperseded && this.#isBeingWritten(file)) written.push(file);
      else bad.push(one);
    }
  }

  /**
   * The first file of a table that nothing is known of shows its schema.
   *
   * @returns undefined where somebody writes to it
   * @throws FileFaultError; EnvironmentError
   */
  async read(file: WaitingFile): Promise<OpenFile | undefined> {
    const { scratch, sink, signal, tools } = this.#context;
    const { header, encoding, nulls } = sink.settings.declared;
    const { fileId, path, committedSha256: sha256, sizeBytes, scanned } = file;
    const expected = sha256 === undefined ? undefined : { sha256, sizeBytes };
    const dialect = await this.#dialectFor(file);
    const csv = await tools.openCsv(
      { fileId, path, dialect, header, encoding, nulls, scratch, expected, scanned },
      signal,
    );
    try {
      if (this.#isBeingWritten(file)) {
        csv.close();
        return undefined;
      }
      await this.#schema.learnFrom(csv, fileId);
      return { file, dialect, csv };
    } catch (error) {
      csv.close();
      throw error;
    }
  }

  /** What is in the warehouse is written to by nobody; its hash tells. */
  #isBeingWritten({ scanned, path }: WaitingFile): boolean {
    return scanned !== undefined && this.#context.tools.isOpenForWriting(path);
  }

  async #dialectFor({ path }: WaitingFile): Promise<Dialect> {
    const { tools, sink } = this.#context;
    const { declared } = sink.settings;
    const known = this.#schema.current?.dialect ?? declaredDialect(declared);
    if (known !== undefined) return known;
    try {
      return await withReadPath(path, (readPath) => tools.sniffDialect(readPath, declared));
    } catch (error) {
      // Whatever is wrong with it, `openCsv` says better.
      if (errnoOf(error) === undefined) throw error;
      return DEFAULT_DIALECT;
    }
  }
}

export const closeAll = ({ open }: Pick<Audited, 'open'>): void => {
  for (const { csv } of open) csv.close();
};
