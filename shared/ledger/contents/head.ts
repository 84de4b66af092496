/** The first bytes of a SHA-256, by which the index has it. Of a thousand million rows, one look-up in 280,000 meets other content. */
const HEAD_BYTES = 6;

export const headOf = (sha256: Buffer): Buffer => sha256.subarray(0, HEAD_BYTES);

/** As a number, which 48 bits fit into. */
export const headNumber = (sha256: Buffer): number => sha256.readUIntBE(0, HEAD_BYTES);

/** The other way round. */
export function headOfNumber(head: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES);
  bytes.writeUIntBE(head, 0, HEAD_BYTES);
  return bytes;
}
