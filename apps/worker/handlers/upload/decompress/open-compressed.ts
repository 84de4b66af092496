import { bunzip2 } from './bzip2.ts';
import { type Format, formatOf } from './format.ts';
import { gunzip } from './gzip.ts';
import { type Limits, OutputMeter } from './limits.ts';
import { readRange } from './read-range.ts';
import { unxz } from './xz.ts';
import { readDirectory } from './zip-directory.ts';
import { readMember } from './zip-member.ts';
import { unzstd } from './zstd.ts';

export type { Format } from './format.ts';
export type { Limits } from './limits.ts';

export type Member = {
  /**
   * Of a zip: the member's path as the archive names it, UTF-8, relative, without `..`, `.`, empty parts, NUL and
   * backslash, and different from all others. Undefined where the file is one stream.
   */
  name: string | undefined;
  /** Of the content, where it is known beforehand (zip, none). Content of another size does not end without an error. */
  sizeBytes: number | undefined;
  /**
   * The content from its start, each time it is called. An iteration that ends without an error has given all
   * of it, and every checksum that the file has was right; what came before an error is worth nothing. The
   * buffers stay as they are. Once it has ended, or the consumer has left it, nothing reads the descriptor.
   *
   * @throws while iterating: DecompressionError; the signal's reason; as node:fs does; `source.shrank`
   */
  open(signal: AbortSignal): AsyncIterable<Buffer>;
};

export type Opened = { format: Format; members: Member[] };

/**
 * What is in a file, by its first bytes and never by its name. One member, or of a zip as many as it has, at least one;
 * the directories of a zip are left out. An empty file is 'none'.
 *
 * Memory is bounded, however large the content becomes: at most 128 MiB of window (zstd, xz), else a few MiB.
 *
 * @param fd open for reading; only positioned reads, so that several iterations may share it; never closed here
 * @throws DecompressionError: of a zip, everything that its directory tells, also that its members would exceed
 * the limits together; as node:fs does
 */
export async function openCompressed(fd: number, sizeBytes: number, limits: Limits): Promise<Opened> {
  const format = await formatOf(fd, sizeBytes);
  if (format === 'zip') return { format, members: await zipMembers(fd, sizeBytes, limits) };
  if (format === 'none') {
    // What is not unpacked becomes no larger: limits do not apply.
    const open = (signal: AbortSignal) => readRange(fd, 0, sizeBytes, signal);
    return { format, members: [{ name: undefined, sizeBytes, open }] };
  }
  const open = (signal: AbortSignal) => {
    const content = DECODERS[format](fd, sizeBytes, signal);
    return metered(content, new OutputMeter(format, sizeBytes, limits), signal);
  };
  return { format, members: [{ name: undefined, sizeBytes: undefined, open }] };
}

/**
 * Reads every member to its end and throws away what comes. For a zip, before its first member is handed on: a
 * later one may be corrupt.
 */
export async function testWhole({ members }: Opened, signal: AbortSignal): Promise<void> {
  for (const member of members) {
    const content = member.open(signal)[Symbol.asyncIterator]();
    while ((await content.next()).done !== true);
  }
}

type Decoder = (fd: number, sizeBytes: number, signal: AbortSignal) => AsyncGenerator<Buffer>;

const DECODERS: Record<Exclude<Format, 'zip' | 'none'>, Decoder> = {
  gzip: gunzip,
  zstd: unzstd,
  bzip2: bunzip2,
  xz: unxz,
};

/**
 * The limits are for all members together, and are judged by the sizes that the directory tells: no member can
 * become larger than that. So members that share their data, as in the denser bombs, count each for itself.
 */
async function zipMembers(fd: number, sizeBytes: number, limits: Limits): Promise<Member[]> {
  const { zip, entries } = await readDirectory(fd, sizeBytes);
  const meter = new OutputMeter('zip', sizeBytes, limits);
  for (const { entry } of entries) meter.count(entry.uncompressedSize);
  return entries.map((listed) => ({
    name: listed.name,
    sizeBytes: listed.entry.uncompressedSize,
    open: (signal) => readMember(fd, zip, listed, signal),
  }));
}

async function* metered(
  content: AsyncIterable<Buffer>,
  meter: OutputMeter,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for await (const chunk of content) {
    signal.throwIfAborted();
    meter.count(chunk.length);
    yield chunk;
  }
}
