/** Task queues of the workers by the bare SDK: workflows, and the activities they call. */
export const BY_HAND = { queue: 'by-hand', activityQueue: 'by-hand-activities' } as const;
