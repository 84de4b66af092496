import { crc32 } from 'node:zlib';
import { DARWIN, FLAGS, MAX_16, UNIX } from './format.ts';

/** As it is written: UTF-8. */
export function nameBytesOf(name: string): Buffer {
  const bytes = Buffer.from(name, 'utf8');
  if (bytes.length === 0 || bytes.length > MAX_16)
    throw new Error('a name in a zip file has 1 to 65,535 bytes');
  return bytes;
}

type Named = { flags: number; madeBy: number; fields: ReadonlyMap<number, Buffer> };

/** Info-ZIP's second name: a version, the CRC of the first one, and UTF-8. */
const UNICODE_PATH = 0x7075;

/**
 * A name as text. UTF-8 where the flag says so or Info-ZIP's field has it; else what a program on Unix wrote, if it is UTF-8;
 * else CP437, which is what the format began with. Bytes that are not UTF-8 though the flag says so become U+FFFD.
 */
export function decodeName(bytes: Buffer, { flags, madeBy, fields }: Named): string {
  if ((flags & FLAGS.utf8) !== 0) return bytes.toString('utf8');
  const second = fields.get(UNICODE_PATH);
  if (second !== undefined && second.length > 5 && second[0] === 1 && second.readUInt32LE(1) === crc32(bytes))
    return second.toString('utf8', 5);
  const text = bytes.toString('utf8');
  const isOfUnix = madeBy === UNIX || madeBy === DARWIN;
  if (isOfUnix && Buffer.from(text, 'utf8').equals(bytes)) return text;
  return Array.from(bytes, (byte) =>
    byte < 0x80 ? String.fromCharCode(byte) : (CP437[byte - 0x80] ?? ''),
  ).join('');
}

const CP437 = [
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐',
  '└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0',
].join('');
