import { createCipheriv, createHash } from 'node:crypto';

const HALF_BYTES = 16;
/** Of 256 contents so many are of the kind that does not deflate. */
const PACKED = 80;

/** Content that follows from its key alone. */
export function contentOf(key: string, sizeBytes: number): Buffer {
  const secret = createHash('sha256').update(key).digest();
  const isPacked = (secret[0] ?? 0) < PACKED;
  if (!isPacked) return sizeBytes === 0 ? Buffer.alloc(0) : Buffer.alloc(sizeBytes, `${key}\n`);
  const cipher = createCipheriv('aes-128-ctr', secret.subarray(0, HALF_BYTES), secret.subarray(HALF_BYTES));
  return cipher.update(Buffer.alloc(sizeBytes));
}

export const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
