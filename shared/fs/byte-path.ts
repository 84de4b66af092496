/**
 * File names on Linux are bytes, not text. A `BytePath` holds one byte in each character (the encoding that Node
 * calls latin1), so that names that are not UTF-8 survive, while joining, comparing and map keys stay as cheap
 * as with any string. It is never shown to a person: `toText` is for that.
 */
export type BytePath = string & { readonly __bytePath: unique symbol };

/** From text as a person or a config file gives it (UTF-8). */
export const fromText = (text: string): BytePath => Buffer.from(text, 'utf8').toString('latin1') as BytePath;

/** From the bytes as the kernel or the database gives them. */
export const fromBytes = (bytes: Uint8Array): BytePath =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1') as BytePath;

/** For node:fs and for BLOB columns. */
export const toBytes = (path: BytePath): Buffer => Buffer.from(path, 'latin1');

/** For libc, which wants a terminating NUL. */
export const toCString = (path: BytePath): Buffer => Buffer.from(`${path}\0`, 'latin1');

// biome-ignore lint/suspicious/noControlCharactersInRegex: the test is for ASCII, which has them
const ASCII = /^[\x00-\x7f]*$/;

/** For people: UTF-8 where it is, U+FFFD where it is not. */
export const toText = (path: BytePath): string => (ASCII.test(path) ? path : toBytes(path).toString('utf8'));

/** Whether `toText` loses nothing. */
export const isUtf8 = (path: BytePath): boolean =>
  ASCII.test(path) || Buffer.from(toBytes(path).toString('utf8'), 'utf8').equals(toBytes(path));

export const join = (directory: BytePath, name: string): BytePath =>
  (directory === '/' ? `/${name}` : `${directory}/${name}`) as BytePath;

export const dirname = (path: BytePath): BytePath => {
  const slash = path.lastIndexOf('/');
  return (slash <= 0 ? '/' : path.slice(0, slash)) as BytePath;
};

export const basename = (path: BytePath): BytePath => path.slice(path.lastIndexOf('/') + 1) as BytePath;

/** The part of `path` below `directory`, which must be a prefix of it; '' for the directory itself. */
export const relativeTo = (directory: BytePath, path: BytePath): BytePath =>
  path.slice(directory === '/' ? 1 : directory.length + 1) as BytePath;

/** Whether `path` is `directory` or lies below it. Both absolute and without `.` or `..`. */
export const isWithin = (directory: BytePath, path: BytePath): boolean =>
  path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
