/** Failures with messages and stacks inside the payload that a codec encrypts. In use only while encryption is configured. */
import { DefaultFailureConverter } from '@temporalio/common';

export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
