/**
 * Device and inode numbers are unsigned 64 bit in the kernel and signed in SQLite: the same bits, so that equality and
 * uniqueness hold, and back without loss.
 */
export const toSigned = (value: bigint): bigint => BigInt.asIntN(64, value);
export const toUnsigned = (value: bigint): bigint => BigInt.asUintN(64, value);
