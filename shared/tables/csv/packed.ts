/** Long enough for every magic here. */
export const HEAD_BYTES = 16;

/** That a first character in a text of Latin or any other letters could be is none of these. */
const MAGICS: readonly (readonly [format: string, magic: string])[] = [
  ['zstd', '28b52ffd'],
  ['xz', 'fd377a585a00'],
  ['zip (or a spreadsheet)', '504b0304'],
  ['zip', '504b0506'],
  ['zip', '504b0708'],
  ['7z', '377abcaf271c'],
  ['lz4', '04224d18'],
  ['an old spreadsheet', 'd0cf11e0a1b11ae1'],
  ['Avro', '4f626a01'],
];

// biome-ignore lint/suspicious/noControlCharactersInRegex: the mark of a bzip2 block and that of its end have them
const BZIP2 = /^BZh[1-9](?:1AY&SY|\x17rE8P\x90)/;
const PARQUET = 'PAR1';

export const PACKED_HINT = 'send CSV files as text, or as text in gzip';

export const isGzip = (head: Buffer): boolean => head.length >= 2 && head.readUInt16BE(0) === 0x1f8b;

/**
 * The name of what a file is packed in, by its first bytes, where that is nothing that can be read here.
 *
 * @param tail the last four bytes: a text may begin like Parquet, and does not end like it as well
 */
export function packedFormat(head: Buffer, tail?: Buffer): string | undefined {
  const hex = head.toString('hex', 0, HEAD_BYTES);
  const found = MAGICS.find(([, magic]) => hex.startsWith(magic));
  if (found !== undefined) return found[0];
  const text = head.toString('latin1', 0, HEAD_BYTES);
  if (BZIP2.test(text)) return 'bzip2';
  return text.startsWith(PARQUET) && tail?.toString('latin1') === PARQUET ? 'Parquet' : undefined;
}
