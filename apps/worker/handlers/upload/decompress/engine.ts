import type { Transform } from 'node:stream';

/** A stream of node:zlib: `bytesWritten` are the bytes of the input that it has consumed. */
export type Engine = Transform & { readonly bytesWritten: number };

/** What an engine takes out of its queue at a time. */
export const ENGINE_OPTIONS = { chunkSize: 64 * 1024 } as const;

/**
 * Runs `pieces` through an engine: each is written when the one before is done with, so that no more than one
 * waits, and the output waits for the consumer.
 *
 * The engine may stop before its input does, and makes nothing of the rest: the caller must compare its
 * `bytesWritten` with what there was.
 *
 * However the iteration ends, the engine is destroyed and `pieces` is closed before it has ended.
 *
 * @throws what `pieces` throws, and what the engine says
 */
export async function* throughEngine(engine: Engine, pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const feeding = feed(engine, pieces);
  try {
    for await (const chunk of engine) yield chunk as Buffer;
  } finally {
    engine.destroy();
    await feeding;
  }
}

/** Never rejects: whoever reads the engine's output is told. */
async function feed(engine: Engine, pieces: AsyncIterable<Buffer>): Promise<void> {
  // An engine that is destroyed while its output waits never calls back: its closing has to count as well.
  let goOn: (() => void) | undefined;
  engine.once('close', () => goOn?.());
  try {
    let fed = 0;
    for await (const piece of pieces) {
      if (engine.destroyed) return;
      fed += piece.length;
      await new Promise<void>((resolve) => {
        goOn = resolve;
        engine.write(piece, () => resolve());
      });
      if (engine.destroyed || engine.bytesWritten < fed) return;
    }
    engine.end();
  } catch (error) {
    engine.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}
