import type { Piece } from '../contract.ts';
import { isUnchanged, type OpenedFile } from './open-regular.ts';
import type { TextFacts } from './text-audit.ts';

type Parts = {
  file: OpenedFile;
  facts: TextFacts;
  firstRecord: readonly string[];
  scratch: string;
};

/**
 * Of a regular file that is read as it is. Undefined where it has a blank line, which may be a row; one column, where a cell of nothing is one;
 * something behind a closing quote, which DuckDB has to find its way out of; or other line ends than LF or CRLF alone.
 */
export function pieceOf({ file, facts, firstRecord, scratch }: Parts): Piece | undefined {
  const { scanner, start, first } = facts;
  const { blankLines, hasQuotedLineEnd, garbageAt, lineFeeds, carriageReturns, pairs } = scanner;
  if (blankLines > 0 || hasQuotedLineEnd || garbageAt !== undefined || firstRecord.length < 2)
    return undefined;
  if (carriageReturns > 0 || lineFeeds > 0 === pairs > 0) return undefined;
  const lineEnd = pairs > 0 ? '\r\n' : '\n';
  return {
    fd: file.fd,
    start,
    second: first.end + lineEnd.length,
    endsAt: Number(file.stats.size),
    lineEnd,
    scratch,
    isUnchanged: () => isUnchanged(file),
  };
}
