/**
 * Refuses to send a payload that the server would not take: the server ends a run because of one, without its undo; refused here, the task
 * fails and is tried again, so that a corrected runbook can go on. What steps carry and runs come to never gets here: payload-size.ts of
 * the kit ends those. In place of the SDK's own check, which a stranger's update can trip: a rejection repeats what it rejects, and would
 * be refused, and tried again, for as long as its sender waits.
 */
import type { DataConverter, PayloadCodec } from '@temporalio/common';

/** A namespace's limit, unless its server is told otherwise. */
const MAX_BYTES = 2 * 1_024 * 1_024;

/** Last of the codecs, so that what is sent is measured. */
export const withPayloadBound = (converter: DataConverter | undefined): DataConverter => ({
  ...converter,
  payloadCodecs: [...(converter?.payloadCodecs ?? []), payloadBound],
});

const payloadBound: PayloadCodec = {
  encode: async (payloads) => {
    const bytes = payloads.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
    if (bytes > MAX_BYTES)
      throw new Error(`payloads of ${bytes} bytes, expected at most ${MAX_BYTES}; pass a reference instead`);
    return payloads;
  },
  decode: async (payloads) => payloads,
};
