/**
 * The time of the current workflow task, ms since 1970: the server's, recorded in history, and the same in every replay. Not a clock: it stands
 * still between two tasks. For bounds only; decisions about civil time are made in activities (R7).
 */
// oxlint-disable-next-line no-restricted-globals -- the sandbox answers with the time of the task, never with the host's
export const workflowTime = (): number => Date.now();

/** As people read it, in UTC. */
// oxlint-disable-next-line no-restricted-globals -- arithmetic on its argument, no clock and no zone
export const isoTime = (ms: number): string => new Date(ms).toISOString();
