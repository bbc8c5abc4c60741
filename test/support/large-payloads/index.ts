/** Front door of the runbook that carries too much. */
export { carriesMuch } from './carries-much.ts';
