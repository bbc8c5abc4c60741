/** The second lock on plans: an activity worker calls nothing but looks for a run that only plans, whatever its workflow code asks for. */
import { Context } from '@temporalio/activity';
import { PLAN_PREFIX } from '../workflows/kit/run-context.ts';
import { isLook } from './look.ts';
import { permanent } from './permanent.ts';

type Activity = (input: never) => Promise<unknown>;

/** The same activities; an effect fails permanently (`PlanCannotAct`) before it begins when a plan calls it. */
export function refusePlans<Acts extends Readonly<Record<string, Activity>>>(activities: Acts): Acts {
  const guarded = Object.entries(activities).map(([name, activity]) => [
    name,
    isLook(activity) ? activity : guard(name, activity),
  ]);
  return Object.fromEntries(guarded) as Acts;
}

const guard =
  (name: string, activity: Activity): Activity =>
  async (input) => {
    const id = Context.current().info.workflowExecution?.workflowId ?? '';
    if (id.startsWith(PLAN_PREFIX)) throw permanent('PlanCannotAct', `${id} only plans; ${name} is an effect`);
    return activity(input);
  };
