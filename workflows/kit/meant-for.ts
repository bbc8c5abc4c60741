/** The region that a step is meant for, while another may act for it: set around a call, read where the activity is scheduled. */
import { AsyncLocalStorage } from '@temporalio/workflow';

export const meantFor = new AsyncLocalStorage<string>();
