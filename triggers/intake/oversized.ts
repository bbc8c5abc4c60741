/**
 * Bodies above the size limit, of senders whose queue would repeat a 413 for days: once the headers have proved who sends, the rest is
 * counted and hashed but not kept, so that the request can be quarantined and its sender lets go of it.
 */
import { createHash } from 'node:crypto';
import { type Readable, Transform } from 'node:stream';
import type { Auth } from './auth.ts';

/** What a request had, of which only the beginning was kept. */
export interface Whole {
  readonly bytes: number;
  readonly sha256: string;
}

export interface BoundedBody extends Transform {
  /** What fastify compares with the length that the sender has announced. */
  receivedEncodedLength: number;
  /** Once it has ended; null for what was within the bound. */
  whole(): Whole | null;
}

/** More is refused even to who has proved who it is. Pub/Sub's largest message, in base64, has 14 MB. */
export const MOST_COUNTED_BYTES = 67_108_864;

/** Whether the headers, or the connection, say who sends: a signature would need all the bytes. */
export const isProvedByHeaders = ({ kind }: Auth): boolean => kind !== 'signature' && kind !== 'routing-key';

/** Passes on the first `most` bytes. Beyond them `isAllowed` is asked, once; who is not gets the error of `refusal`. */
export function boundedBody(
  payload: Readable,
  most: number,
  isAllowed: () => Promise<boolean>,
  refusal: () => Error,
): BoundedBody {
  const hash = createHash('sha256');
  let bytes = 0;
  const count = (chunk: Buffer, passed: number): Buffer | undefined => {
    hash.update(chunk);
    bytes += chunk.length;
    stream.receivedEncodedLength = bytes;
    return passed < most ? chunk.subarray(0, most - passed) : undefined;
  };
  const transform = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      const passed = bytes;
      const kept = count(chunk, passed);
      if (bytes <= most || passed > most) return done(null, kept);
      void isAllowed().then(
        (allowed) => done(allowed ? null : refusal(), kept),
        (error: unknown) =>
          done(Object.assign(new Error('cannot tell who sends', { cause: error }), { statusCode: 503 })),
      );
      return undefined;
    },
  });
  const stream: BoundedBody = Object.assign(transform, {
    receivedEncodedLength: 0,
    whole: () => (bytes <= most ? null : { bytes, sha256: hash.digest('hex') }),
  });
  // Not `pipeline`: it would destroy the connection of who is refused, and with it the answer.
  payload.pipe(stream);
  payload.once('error', (error) => stream.destroy(error));
  payload.once('close', () => {
    if (!payload.readableEnded) stream.destroy(new Error('the request was cut off'));
  });
  return stream;
}
