import { createHash, hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { METHODS } from '../contract.ts';
import { type FileWindow, readFully } from './file-window.ts';
import { inflateLarge, inflateSmall } from './inflate.ts';
import { ZipFault } from './zip-fault.ts';

/** Where the data of a member lies, and what must come out of it. */
export type MemberData = {
  /** By the number of the format; any but those of `METHODS` is a ZipFault. */
  method: number;
  packedBytes: number;
  sizeBytes: number;
  /** See `dataOffsetOf`. */
  dataOffset: number;
  crc32: number;
};

/** What is read, and given, in one piece. */
const CHUNK_BYTES = 256 * 1024;

/**
 * The content of a member, unpacked, in pieces that are the caller's to keep. Memory is bounded, whatever the header says, and no more is
 * unpacked than `sizeBytes`. Others get their turn between two pieces.
 *
 * What was given is only known to be right when it ends without throwing.
 *
 * @throws ZipFault where CRC or size are others, or the packed data is no deflate stream of just that length; as node:fs does
 */
export async function* readMember(fd: number, member: MemberData): AsyncGenerator<Buffer, void, undefined> {
  if (isSmall(member)) {
    const content = smallContent(readPacked(fd, member.dataOffset, member.packedBytes), member);
    if (content.length > 0) yield content;
    return;
  }
  let [sizeBytes, crc] = [0, 0];
  for await (const piece of largePieces(fd, member)) {
    sizeBytes += piece.length;
    if (sizeBytes > member.sizeBytes) throw wrongSize();
    crc = crc32(piece, crc);
    yield piece;
    // What is stored comes without a wait, and hours of it would let no timer run.
    if (member.method === METHODS.store) await nextTurn();
  }
  if (sizeBytes !== member.sizeBytes) throw wrongSize();
  if (crc !== member.crc32) throw wrongCrc();
}

/**
 * The SHA-256 of the content, after its size and CRC were found right. Bounded memory.
 *
 * @param window of the same file, where members are read one after the other: small ones then cost no system call each
 * @throws as `readMember`
 */
export async function contentHash(fd: number, member: MemberData, window?: FileWindow): Promise<Buffer> {
  if (isSmall(member)) {
    const { dataOffset, packedBytes } = member;
    const packed = window?.at(dataOffset, packedBytes) ?? readPacked(fd, dataOffset, packedBytes);
    if (packed.length < packedBytes) throw tooShort();
    return hash('sha256', smallContent(packed, member), 'buffer');
  }
  const sha256 = createHash('sha256');
  for await (const piece of readMember(fd, member)) sha256.update(piece);
  return sha256.digest();
}

/** Most members are, and setting up streams for each costs more than all the rest. */
const isSmall = ({ packedBytes, sizeBytes }: MemberData): boolean =>
  packedBytes <= CHUNK_BYTES && sizeBytes <= CHUNK_BYTES;

/** The content, found right; of a stored member it is `packed` itself. */
function smallContent(packed: Buffer, member: MemberData): Buffer {
  judgeMethod(member);
  const content = member.method === METHODS.store ? packed : inflateSmall(packed, member.sizeBytes);
  if (content.length !== member.sizeBytes) throw wrongSize();
  if (crc32(content) !== member.crc32) throw wrongCrc();
  return content;
}

function largePieces(fd: number, member: MemberData): Iterable<Buffer> | AsyncIterable<Buffer> {
  judgeMethod(member);
  const packed = packedPieces(fd, member);
  return member.method === METHODS.store ? packed : inflateLarge(packed, member.packedBytes);
}

function judgeMethod({ method, packedBytes, sizeBytes }: MemberData): void {
  if (method === METHODS.store && packedBytes !== sizeBytes) throw wrongSize();
  if (method !== METHODS.store && method !== METHODS.deflate)
    throw new ZipFault(`is packed by method ${method}, which is not supported`);
}

function* packedPieces(fd: number, { dataOffset, packedBytes }: MemberData): Generator<Buffer> {
  for (let done = 0; done < packedBytes; ) {
    const piece = readPacked(fd, dataOffset + done, Math.min(CHUNK_BYTES, packedBytes - done));
    done += piece.length;
    yield piece;
  }
}

function readPacked(fd: number, offset: number, bytes: number): Buffer {
  const packed = Buffer.allocUnsafeSlow(bytes);
  if (readFully(fd, packed, offset) < bytes) throw tooShort();
  return packed;
}

const wrongSize = (): ZipFault => new ZipFault('has another size than its header says');
const wrongCrc = (): ZipFault => new ZipFault('has another CRC than its header says');
const tooShort = (): ZipFault => new ZipFault('ends before its data does');
