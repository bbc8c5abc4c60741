/** The workers of the window lab in a process of their own, to be run under a clock that is wrong. `argv`: Temporal. Prints the id of a run that it begins. */
import { startWindowLab } from './window-lab.ts';

const [temporalAddress = ''] = process.argv.slice(2);
const lab = await startWindowLab({ servers: { temporalAddress, namespace: 'default' } });
console.log(await lab.begin('patch'));
