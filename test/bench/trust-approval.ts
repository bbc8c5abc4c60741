/** What one approval adds to a run of restartService (one check, three effects, one verification): history events and Temporal actions. */
import { answerTo, startApprovals } from '../support/approvals.ts';
import { type RunCost, costOf } from './run-cost.ts';
import { type Row, row } from './statistics.ts';

const ROUNDS = 3;

export async function trustApproval(report: (line: string) => void): Promise<Row[]> {
  const approvals = await startApprovals();
  const cost = async (mode: 'auto' | 'approve'): Promise<RunCost> => {
    await approvals.service.exhaust();
    const id = await approvals.begin({ mode });
    const handle = approvals.client.workflow.getHandle(id);
    const [ann] = Object.values(approvals.keys);
    if (mode === 'approve' && ann !== undefined)
      await handle.executeUpdate('approve', { args: [answerTo(await approvals.question(id), ann, 'approve')] });
    await handle.result();
    const spent = await costOf(handle);
    report(`${mode}: ${spent.events} history events, ${spent.actions} actions`);
    return spent;
  };
  try {
    const added = { events: [] as number[], actions: [] as number[] };
    for (let round = 1; round <= ROUNDS; round += 1) {
      const [without, with_] = [await cost('auto'), await cost('approve')];
      added.events.push(with_.events - without.events);
      added.actions.push(with_.actions - without.actions);
    }
    return [
      row('one approval: history events added', 'events', added.events),
      row('one approval: Temporal actions added', 'actions', added.actions),
    ];
  } finally {
    await approvals.stop();
  }
}
