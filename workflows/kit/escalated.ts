/** Failure type of a run that ended by `run.escalate`: a human has to take over. */
export const ESCALATED = 'Escalated';
