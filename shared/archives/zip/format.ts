/** The numbers of PKWARE's APPNOTE.TXT that more than one file here needs. All integers are little-endian. */

export const LOCAL_SIGNATURE = 0x04034b50;
export const ENTRY_SIGNATURE = 0x02014b50;
export const END_SIGNATURE = 0x06054b50;
export const END64_SIGNATURE = 0x06064b50;
export const LOCATOR64_SIGNATURE = 0x07064b50;

/** What each has before its name, extra fields and comment. */
export const LOCAL_BYTES = 30;
export const ENTRY_BYTES = 46;
export const END_BYTES = 22;
export const END64_BYTES = 56;
export const LOCATOR64_BYTES = 20;

/** Names, extra fields and comments have lengths of 16 bits. */
export const MAX_16 = 0xffff;
/** In a field of a size or an offset: see the zip64 field. */
export const MAX_32 = 0xffffffff;

/**
 * From this size or offset on a zip64 field is written: 64 KiB before it must be, so that what readers make of the last values before
 * the escape does not matter.
 */
export const ZIP64_FROM_BYTES = 2 ** 32 - 2 ** 16;

export const FLAGS = {
  encrypted: 1 << 0,
  /** Sizes and CRC are zero in the local header, and follow the data. Never set by us. */
  descriptor: 1 << 3,
  strongEncryption: 1 << 6,
  utf8: 1 << 11,
  /** The local header hides what the directory says. */
  masked: 1 << 13,
} as const;

/** The high byte of "version made by". */
export const UNIX = 3;
export const DARWIN = 19;

/** 2.0 knows deflate and directories, 4.5 zip64. */
export const VERSION = 20;
export const VERSION_ZIP64 = 45;
