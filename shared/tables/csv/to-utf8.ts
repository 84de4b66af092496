import type { Encoding } from '../contract.ts';
import { fileFault } from './faults.ts';

/**
 * A text as UTF-8. What is declared as UTF-16 loses its byte order mark; without one it must begin with an ASCII character.
 *
 * @throws FileFaultError `load.encoding`; what `chunks` throws
 */
export async function* toUtf8(
  fileId: number,
  encoding: Exclude<Encoding, 'utf-8'>,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  let decoder: Decoder | undefined;
  let head: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    let bytes: Buffer = chunk;
    if (decoder === undefined) {
      bytes = Buffer.concat([head, chunk]);
      head = bytes;
      if (bytes.length < BOM_BYTES) continue;
      decoder = DECODERS[encoding](fileId, bytes);
    }
    yield decoder(bytes);
  }
  decoder ??= head.length === 0 ? undefined : DECODERS[encoding](fileId, head);
  if (decoder === undefined) return;
  if (head.length < BOM_BYTES) yield decoder(head);
  yield decoder();
}

/** Without bytes: the end has come. */
type Decoder = (bytes?: Buffer) => Buffer;

const BOM_BYTES = 3;

const DECODERS = { 'utf-16': utf16, 'latin-1': latin1 } as const;

function utf16(fileId: number, head: Buffer): Decoder {
  const mark = head.length >= 2 ? head.readUInt16BE(0) : 0;
  const isBig = mark === 0xfeff || (head[0] === 0 && head[1] !== 0);
  if (mark !== 0xfffe && !isBig && head[1] !== 0)
    throw wrong(
      fileId,
      'it does not begin as UTF-16 does',
      'Correct `encoding` of the sink, or have it written with a byte order mark.',
    );
  const decoder = new TextDecoder(isBig ? 'utf-16be' : 'utf-16le', { fatal: true });
  return (bytes) => {
    try {
      return Buffer.from(
        bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true }),
        'utf8',
      );
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw wrong(fileId, 'it is not UTF-16 to its end', 'send the file again', error);
    }
  };
}

function latin1(fileId: number, head: Buffer): Decoder {
  const mark = head.toString('latin1', 0, BOM_BYTES);
  if (mark === '\xef\xbb\xbf' || mark.startsWith('\xff\xfe') || mark.startsWith('\xfe\xff'))
    throw wrong(fileId, 'it is Unicode, by its byte order mark', 'Correct `encoding` of the sink.');
  return (bytes) => Buffer.from(bytes?.toString('latin1') ?? '', 'utf8');
}

const wrong = (fileId: number, reason: string, hint: string, cause?: unknown) =>
  fileFault(fileId, 'load.encoding', reason, hint, cause);
