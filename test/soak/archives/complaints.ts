/** What a scavenger logs, as far as it matters here. */
type Said = { event?: string; err?: { code?: string }; detail?: string; volume?: string };

/** Goes by itself: when there is room again, when the disk is back, or since somebody else has the lease now. */
const PASSING = new Set(['archive.no-space', 'archive.io', 'archive.base', 'lease.lost']);

/** A disk without power refuses everything; and a writer that slept may write once more into what was taken from it. */
const PASSING_DETAIL = /\bE(IO|ROFS)\b|was changed while it was collected/;

/** What scavengers said, in JSON lines, that none should ever have to say. */
export const complaintsIn = (log: string): string[] =>
  log.split('\n').filter((line) => line.startsWith('{') && isComplaint(parse(line)));

function isComplaint({ event, err, detail = '' }: Said): boolean {
  if (err !== undefined) return !PASSING.has(err.code ?? '');
  if (event === 'archive.quarantined') return true;
  return event === 'archive.bad_volume' && !PASSING_DETAIL.test(detail);
}

/** The last line of one that was killed may be cut. */
function parse(line: string): Said {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}
