/** A disk that fills up is cleared, once per episode, of what the configuration allows. */
import { defineTrigger } from './define-trigger.ts';
import { diskFillingUp } from './events/disk-filling-up.ts';

export const clearDiskTrigger = defineTrigger({
  id: 'clear-disk',
  on: diskFillingUp,
  run: 'clearDisk',
  input: ({ data }) => ({ host: hostOf(data.labels.instance), path: data.labels.mountpoint }),
  service: ({ data }) => hostOf(data.labels.instance),
  // The run measures by itself when there is room again, and an alert lags behind.
  onResolved: 'finish',
  onFailure: { kind: 'escalate' },
});

/** `web-1:9100` is the exporter of web-1. */
const hostOf = (instance: string): string => instance.replace(/:\d+$/, '');
