import type { Dialect, Encoding } from '../contract.ts';
import { FileFaultError } from '../errors.ts';
import { chunksOf } from './chunks.ts';
import { fileFault, TextFault } from './faults.ts';
import { GUNZIP_LIMITS, type GunzipLimits, gunzip } from './gunzip.ts';
import type { HeldDescriptors } from './held-descriptors.ts';
import { linesAt } from './lines.ts';
import { assertUnchanged, type OpenedFile } from './open-regular.ts';
import { isGzip, PACKED_HINT, packedFormat } from './packed.ts';
import { type Rewriting, rewrite } from './rewrite.ts';
import type { ScratchFile } from './scratch-file.ts';
import type { Source } from './source.ts';
import { TextAudit, type TextFacts } from './text-audit.ts';
import { toUtf8 } from './to-utf8.ts';

/** What the parts of opening a file share. */
export type Opening = {
  fileId: number;
  dialect: Dialect;
  nulls: readonly string[];
  encoding: Encoding;
  scratch: string;
  limits: GunzipLimits | undefined;
  chunkBytes: number | undefined;
  file: OpenedFile;
  held: HeldDescriptors;
  signal: AbortSignal;
};

/** A text in UTF-8, and what reading all of it has shown. */
export type AuditedText = { fd: number; facts: TextFacts };

/**
 * Reads all of a file, as text: where it is none yet it is written to a plain copy on the way.
 *
 * @throws as `openCsv` does; as node:fs does
 */
export async function auditFile(opening: Opening, source: Source): Promise<AuditedText> {
  const { fileId, encoding, file } = opening;
  const packed = packedFormat(source.head, source.tail);
  if (packed !== undefined)
    throw fileFault(fileId, 'load.packed', `it is no text, but ${packed}`, PACKED_HINT);
  const isPacked = isGzip(source.head);
  try {
    if (!isPacked && encoding === 'utf-8') return { fd: file.fd, facts: await auditPlain(opening, source) };
    return await auditCopied(opening, source, isPacked);
  } catch (error) {
    // What is being written looks broken in many ways.
    if (error instanceof FileFaultError) assertUnchanged(fileId, file);
    throw error;
  }
}

async function auditPlain(opening: Opening, source: Source): Promise<TextFacts> {
  const { dialect, nulls, file } = opening;
  const audit = new TextAudit(dialect, nulls);
  try {
    if (source.whole !== undefined) audit.push(source.whole);
    else for await (const chunk of source.chunks()) audit.push(chunk);
    return audit.finish();
  } catch (error) {
    throw withLine(opening, file.fd, error);
  }
}

async function auditCopied(opening: Opening, source: Source, isPacked: boolean): Promise<AuditedText> {
  const { fileId, encoding, scratch, limits, file, held } = opening;
  let text = source.chunks();
  if (isPacked) text = gunzip(fileId, text, Number(file.stats.size), limits ?? GUNZIP_LIMITS);
  if (encoding !== 'utf-8') text = toUtf8(fileId, encoding, text);
  const copy = held.addScratch(scratch);
  return { fd: copy.fd, facts: await auditInto(opening, text, copy) };
}

async function auditInto(
  opening: Opening,
  text: AsyncIterable<Buffer>,
  copy: ScratchFile,
): Promise<TextFacts> {
  const audit = new TextAudit(opening.dialect, opening.nulls);
  try {
    for await (const chunk of text) {
      opening.signal.throwIfAborted();
      await copy.write(chunk);
      audit.push(chunk);
    }
    return audit.finish();
  } catch (error) {
    throw withLine(opening, copy.fd, error);
  }
}

/**
 * Writes the text anew, and audits what was written.
 *
 * @throws as `openCsv` does; as node:fs does
 */
export async function rewriteText(
  opening: Opening,
  from: AuditedText,
  rewriting: Rewriting,
): Promise<AuditedText> {
  const { fileId, dialect, scratch, chunkBytes, file, held, signal } = opening;
  const copy = held.addScratch(scratch);
  await rewrite({ ...from, dialect, chunkBytes }, rewriting, copy, signal);
  const audit = new TextAudit(dialect);
  try {
    for await (const chunk of chunksOf(copy.fd, signal, { chunkBytes })) audit.push(chunk);
    const facts = audit.finish();
    assertSame(from.facts, facts);
    return { fd: copy.fd, facts };
  } finally {
    // The file was read once more: other bytes than those that were audited are the first thing to say.
    assertUnchanged(fileId, file);
  }
}

function assertSame({ scanner: original }: TextFacts, { scanner: written }: TextFacts): void {
  if (written.records !== original.records || written.carriageReturns > 0 || written.pairs > 0)
    throw new Error(`of ${original.records} records a plain copy has ${written.records}`);
}

/** A `TextFault` as what a person is told. */
function withLine({ fileId, chunkBytes }: Opening, fd: number, error: unknown): unknown {
  if (!(error instanceof TextFault)) return error;
  const [line = 1] = linesAt({ fd, chunkBytes }, [error.offset], { skipsLineEnds: false });
  return fileFault(fileId, error.code, error.reasonOf(line), error.hint);
}
