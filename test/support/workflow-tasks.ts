/** Answers workflow tasks as a worker would, without any workflow code: a test says how each run goes on. */
import type { Client } from '@temporalio/client';
import { RUNBOOK_QUEUE } from '../../workflows/kit/run-context.ts';

/** `break`: the task itself fails, again and again, as it does when the code cannot replay. `wait`: the run goes on as it is. */
export type Answer = 'complete' | 'break' | 'wait' | { readonly fail: string };

export interface WorkflowTasks {
  /** Set before the run is started: its task is offered at once, and only to be answered. */
  answer(workflowId: string, answer: Answer): void;
  close(): Promise<void>;
}

const NAMESPACE = 'default';
const IDENTITY = 'test';
const POLL_MS = 60_000;
const COMPLETE_WORKFLOW = 4;
const FAIL_WORKFLOW = 5;

/** `others`: answer to the tasks of runs that have none; absent: they get none. */
export function answerWorkflowTasks(client: Client, others?: Answer): WorkflowTasks {
  const service = client.workflowService;
  const answers = new Map<string, Answer>();
  let poll = new AbortController();
  let closed = false;

  const next = async () => {
    const request = { namespace: NAMESPACE, taskQueue: { name: RUNBOOK_QUEUE }, identity: IDENTITY };
    poll = new AbortController();
    const task = await client.withAbortSignal(poll.signal, () =>
      client.withDeadline(Date.now() + POLL_MS, () => service.pollWorkflowTaskQueue(request)),
    );
    const answer = answers.get(task.workflowExecution?.workflowId ?? '') ?? others;
    if (answer === undefined || task.taskToken.length === 0) return;
    const reply = { namespace: NAMESPACE, identity: IDENTITY, taskToken: task.taskToken };
    if (answer === 'break') {
      await service.respondWorkflowTaskFailed({ ...reply, failure: { message: 'the code cannot replay' } });
    } else {
      await service.respondWorkflowTaskCompleted({ ...reply, commands: commandsOf(answer) });
    }
  };
  const work = async (): Promise<void> => {
    while (!closed) {
      try {
        await next();
      } catch (error) {
        // Aborted by `close`; or a run that was ended while its task was in hand.
        if (!closed && !/NOT_FOUND/.test(String(error))) throw error;
      }
    }
  };
  const working = work();
  return {
    answer: (workflowId, answer) => void answers.set(workflowId, answer),
    close: async () => {
      closed = true;
      poll.abort();
      await working;
    },
  };
}

function commandsOf(answer: Exclude<Answer, 'break'>) {
  if (answer === 'wait') return [];
  if (answer === 'complete')
    return [{ commandType: COMPLETE_WORKFLOW, completeWorkflowExecutionCommandAttributes: {} }];
  const failure = { message: answer.fail, applicationFailureInfo: { type: 'Test' } };
  return [{ commandType: FAIL_WORKFLOW, failWorkflowExecutionCommandAttributes: { failure } }];
}
