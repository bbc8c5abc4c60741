/** Runs of this installation are started by its tests. */
export const triggers = [];
