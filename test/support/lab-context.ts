import type { RunContext } from '../../workflows/kit/run-context.ts';

/** What a run knows of the alert that a trigger would have started it for. `given` says what matters to the test. */
export const labContext = ({
  title = null,
  ...given
}: Partial<RunContext> & { readonly title?: string | null } = {}): RunContext => ({
  trigger: 'lab',
  alertKey: 'am:Lab:1',
  generation: 1,
  attempt: 1,
  event: {
    id: 'e1',
    type: 'tocsin.alert.firing',
    source: 'tocsin:/in/am',
    stream: 'EVENTS_EU',
    sequence: 1,
    title,
  },
  region: 'eu',
  service: null,
  severity: 'critical',
  onResolved: 'finish',
  ...given,
});

/** The same of a run that an operator has started: no alert is behind it. */
export const byHandContext = (given: Partial<RunContext> = {}): RunContext =>
  labContext({ trigger: null, alertKey: null, event: null, severity: null, ...given });
