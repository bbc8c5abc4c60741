import assert from 'node:assert/strict';
import { type Server, createServer } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createAllowedTarget } from '../../activities/allowed-target.ts';
import { configProvider } from '../../activities/inventory/config-provider.ts';
import { createInventory } from '../../activities/inventory/inventory.ts';
import type { Target } from '../../activities/inventory/target.ts';
import { createKubernetesActivities } from '../../activities/kubernetes.ts';
import { createClusters } from '../../activities/kubernetes/clusters.ts';
import { CORDONED_BY } from '../../activities/kubernetes/node.ts';
import { type TestKubernetes, kubernetesMissing, startKubernetes } from '../support/kubernetes.ts';
import { CONTAINER, clearNamespace, createNamespace, deploy, podsOn, setOpen } from '../support/kubernetes-workload.ts';
import { until } from '../support/until.ts';

const NS = 'shop';
const HOSTILE = [
  ';reboot',
  '$(reboot)',
  '`reboot`',
  'a\nb',
  'a\0b',
  '-rf',
  '../../namespaces/shop',
  '..',
  '{{ .Values }}',
  '${x}',
  'a/b',
  'a?force=1',
  'a%2Fb',
  'A',
];

describe('kubernetes', { skip: kubernetesMissing() }, () => {
  let kube: TestKubernetes;
  const uids: Record<string, string> = {};
  before(async () => {
    kube = await startKubernetes();
    await createNamespace(kube, NS);
    for (const name of ['web-1', 'web-2']) uids[name] = (await kube.nodes.add(name)).uid;
  });
  after(() => kube?.stop());
  afterEach(async () => {
    await clearNamespace(kube, NS);
    for (const name of ['web-1', 'web-2'])
      await kube.core.patchNode({
        name,
        body: [
          { op: 'add', path: '/spec/unschedulable', value: false },
          { op: 'add', path: '/metadata/annotations', value: {} },
        ],
      });
  });

  const uidOf = (node: string): string => uids[node] ?? assert.fail(node);
  const target = (
    id: string,
    labels: Record<string, string> = {},
    kind = 'kubernetes-node',
  ): Omit<Target, 'provider'> => ({
    id,
    kind,
    service: id,
    region: 'eu',
    labels: { cluster: 'test', ...labels },
  });
  const TARGETS = [
    target('web-1', { pool: 'web' }),
    target('web-2', { pool: 'web' }),
    target('lost'),
    target('shop', { namespace: NS }, 'kubernetes-deployment'),
    target('elsewhere', { cluster: 'other' }),
    ...HOSTILE.map((node, index) => target(`hostile-${index}`, { node })),
  ];
  const activitiesOn = (kubeconfig: string, timeoutMs = 10_000) =>
    createKubernetesActivities({
      allowedTarget: createAllowedTarget({
        region: 'eu',
        inventory: createInventory([configProvider(TARGETS)]),
        rules: [],
      }),
      clusters: createClusters([{ name: 'test', kubeconfig: () => ({ text: kubeconfig, path: null }), timeoutMs }]),
    });
  type On = ReturnType<typeof activitiesOn>;
  /** One attempt of step 7 of a run. */
  const step = <T>(work: (on: On) => Promise<T>, run = 'drain-node/a#1', kubeconfig = kube.tocsin): Promise<T> => {
    const activity = new MockActivityEnvironment(
      { activityId: '7', workflowExecution: { workflowId: run, runId: 'r1' } },
      { logger: new DefaultLogger('ERROR') },
    );
    return activity.run<[], T, () => Promise<T>>(() => work(activitiesOn(kubeconfig)));
  };
  const quiet = () => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const failure = (work: Promise<unknown>): Promise<Error> =>
    work.then(
      () => assert.fail('it did not fail'),
      (error: unknown) => error as Error,
    );
  const isFinal = (error: Error, type: string): void => {
    assert.ok(error instanceof ApplicationFailure, String(error));
    assert.deepEqual([error.type, error.nonRetryable], [type, true], error.message);
  };
  const effects = (from = 0): string[] =>
    kube
      .requests()
      .slice(from)
      .map(({ verb, object, status }) => `${verb} ${object} ${status}`);
  const same = (node: string) => ({ node, uid: uidOf(node) });

  it('a node is seen with its state and what becomes of its pods', async () => {
    await setOpen(kube, 'web-2', false);
    await deploy(kube, { namespace: NS, name: 'shop', replicas: 2 });
    const seen = await step((on) => on.observeNode({ node: 'web-1' }));
    assert.ok(seen.kind === 'node');
    assert.deepEqual(
      [seen.uid, seen.ready, seen.detail, seen.cordoned, seen.pool, seen.pods.evict.length],
      [uidOf('web-1'), true, 'Ready is True: kubelet is posting ready status', false, 'web', 2],
    );
    assert.deepEqual(await step((on) => on.observeNode({ node: 'lost' })), { kind: 'gone' });
  });

  it('a cordon is made once, belongs to its run, and only that run takes it back', async () => {
    const from = kube.requests().length;
    assert.deepEqual(await step((on) => on.cordonNode(same('web-1'))), { byUs: true });
    assert.deepEqual(await step((on) => on.cordonNode(same('web-1'))), { byUs: true });
    assert.deepEqual(await step((on) => on.cordonNode(same('web-1')), 'drain-node/b#1'), { byUs: false });
    assert.deepEqual(await step((on) => on.uncordonNode(same('web-1')), 'drain-node/b#1'), { open: false });
    const { spec, metadata } = await kube.core.readNode({ name: 'web-1' });
    assert.deepEqual([spec?.unschedulable, metadata?.annotations?.[CORDONED_BY]], [true, 'drain-node/a#1']);
    assert.deepEqual(await step((on) => on.uncordonNode(same('web-1'))), { open: true });
    assert.deepEqual(await step((on) => on.uncordonNode(same('web-1'))), { open: true });
    assert.deepEqual(effects(from), ['patch nodes/web-1 200', 'patch nodes/web-1 200']);
  });

  it('what a human has cordoned stays cordoned, and another node of that name is left alone', async () => {
    await setOpen(kube, 'web-1', false);
    const from = kube.requests().length;
    assert.deepEqual(await step((on) => on.cordonNode(same('web-1'))), { byUs: false });
    assert.deepEqual(await step((on) => on.uncordonNode(same('web-1'))), { open: false });
    const other = { node: 'web-2', uid: uidOf('web-1') };
    isFinal(await failure(step((on) => on.cordonNode(other))), 'NodeReplaced');
    isFinal(await failure(step((on) => on.evictPods(other))), 'NodeReplaced');
    assert.deepEqual(effects(from), []);
  });

  it('a node is emptied as its budget allows: what it refuses now is asked again', async () => {
    await setOpen(kube, 'web-2', false);
    await deploy(kube, { namespace: NS, name: 'shop', replicas: 3, minAvailable: 2 });
    assert.equal((await podsOn(kube, 'web-1')).length, 3);
    const from = kube.requests().length;
    await step((on) => on.cordonNode(same('web-1')));
    const emptied = step((on) => on.evictPods(same('web-1')));
    // With both nodes closed the first pod has no successor, so the budget must refuse the next.
    await until('the budget says no', () => effects(from).some((line) => line.endsWith(' 429')));
    await setOpen(kube, 'web-2', true);
    assert.deepEqual(await emptied, { evicted: 3, overdue: [] });
    assert.deepEqual(await podsOn(kube, 'web-1'), []);
    const made = effects(from).filter((line) => line.endsWith(' 201'));
    assert.equal(new Set(made).size, 3, 'each pod once');
    await until('all run elsewhere', async () => (await podsOn(kube, 'web-2')).length === 3);
  });

  it('a budget that allows nothing ends the eviction at its bound, and is named', async () => {
    await deploy(kube, { namespace: NS, name: 'shop', replicas: 2, minAvailable: 2 });
    await step((on) => on.cordonNode(same('web-1')));
    const error = await failure(step((on) => on.evictPods({ ...same('web-1'), withinMs: 1 })));
    isFinal(error, 'EvictionBlocked');
    assert.match(error.message, /node web-1 .* shop\/shop-.*disruption budget shop needs 2 healthy pods and has 2/);
    assert.equal((await podsOn(kube, 'web-1')).length, 2);
  });

  it('pods that nobody starts anew and pods with data of their own are in the way, before anything is evicted', async () => {
    await setOpen(kube, 'web-2', false);
    await deploy(kube, {
      namespace: NS,
      name: 'shop',
      replicas: 1,
      spec: { volumes: [{ name: 'cache', emptyDir: {} }] },
    });
    await kube.core.createNamespacedPod({
      namespace: NS,
      body: { metadata: { name: 'bare' }, spec: { containers: [CONTAINER], terminationGracePeriodSeconds: 1 } },
    });
    await until('it is bound', async () => (await podsOn(kube, 'web-1')).includes('shop/bare'));
    await step((on) => on.cordonNode(same('web-1')));
    const from = kube.requests().length;
    const error = await failure(step((on) => on.evictPods(same('web-1'))));
    isFinal(error, 'PodsInTheWay');
    assert.match(error.message, /shop\/bare has no controller/);
    assert.match(error.message, /shop\/shop-\S+ would lose its emptyDir volume cache/);
    assert.deepEqual(effects(from), []);
    const done = await step((on) => on.evictPods({ ...same('web-1'), unmanaged: 'delete', emptyDir: 'delete' }));
    assert.deepEqual(done, { evicted: 2, overdue: [] });
  });

  it('pods of daemon sets and static pods stay', async () => {
    await kube.apps.createNamespacedDaemonSet({
      namespace: NS,
      body: {
        metadata: { name: 'agent' },
        spec: {
          selector: { matchLabels: { app: 'agent' } },
          template: { metadata: { labels: { app: 'agent' } }, spec: { containers: [CONTAINER], nodeName: 'web-1' } },
        },
      },
    });
    await kube.core.createNamespacedPod({
      namespace: NS,
      body: {
        metadata: { name: 'static', annotations: { 'kubernetes.io/config.mirror': 'x' } },
        spec: { containers: [CONTAINER], nodeName: 'web-1' },
      },
    });
    await until('both are there', async () => (await podsOn(kube, 'web-1')).length >= 2);
    await step((on) => on.cordonNode(same('web-1')));
    assert.deepEqual(await step((on) => on.evictPods(same('web-1'))), { evicted: 0, overdue: [] });
    const seen = await step((on) => on.observeNode({ node: 'web-1' }));
    assert.ok(seen.kind === 'node' && seen.pods.stay >= 2 && seen.pods.evict.length === 0);
  });

  it('a node that somebody opened meanwhile is not drained any further', async () => {
    isFinal(await failure(step((on) => on.evictPods(same('web-1')))), 'NodeNotCordoned');
  });

  it('a deployment is restarted once, by whatever attempt, and left alone when it was changed since', async () => {
    await deploy(kube, { namespace: NS, name: 'shop', replicas: 1 });
    const { generation } = await step((on) => on.observeDeployment({ deployment: 'shop' }));
    const request = { deployment: 'shop', generation };
    assert.deepEqual(await step((on) => on.restartDeployment(request)), { changed: true });
    assert.deepEqual(await step((on) => on.restartDeployment(request)), { changed: true });
    const after1 = await step((on) => on.observeDeployment({ deployment: 'shop' }));
    assert.equal(after1.generation, generation + 1);
    const late = await step((on) => on.restartDeployment(request), 'other/run');
    assert.equal(late.changed, false);
    await until(
      'it is rolled out',
      async () => (await step((on) => on.observeDeployment({ deployment: 'shop' }))).rolledOut,
    );
  });

  it('a rollout is undone once, back to the very template of before', async () => {
    await deploy(kube, { namespace: NS, name: 'shop', replicas: 1 });
    const isFirst = await failure(
      step(async (on) =>
        on.undoRollout({
          deployment: 'shop',
          generation: (await on.observeDeployment({ deployment: 'shop' })).generation,
        }),
      ),
    );
    isFinal(isFirst, 'NoRevisionBefore');
    const before1 = await kube.apps.readNamespacedDeployment({ namespace: NS, name: 'shop' });
    await kube.apps.patchNamespacedDeployment({
      namespace: NS,
      name: 'shop',
      body: [
        { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'example.com/app:broken' },
        { op: 'add', path: '/spec/template/metadata/annotations', value: { release: '2' } },
        { op: 'add', path: '/spec/template/spec/nodeSelector', value: { disk: 'fast' } },
      ],
    });
    const bad = await until('its revision is counted', async () => {
      const seen = await step((on) => on.observeDeployment({ deployment: 'shop' }));
      return seen.revision === '2' && seen;
    });
    const request = { deployment: 'shop', generation: bad.generation };
    assert.deepEqual(await step((on) => on.undoRollout(request)), { changed: true });
    assert.deepEqual(await step((on) => on.undoRollout(request)), { changed: true });
    const now = await kube.apps.readNamespacedDeployment({ namespace: NS, name: 'shop' });
    assert.deepEqual(now.spec?.template, before1.spec?.template);
    assert.equal(now.metadata?.generation, bad.generation + 1);
  });

  it('a deployment is scaled from the count that was observed, and from no other', async () => {
    await deploy(kube, { namespace: NS, name: 'shop', replicas: 1 });
    const request = { deployment: 'shop', from: 1, to: 2 };
    assert.deepEqual(await step((on) => on.scaleDeployment(request)), { changed: true });
    assert.deepEqual(await step((on) => on.scaleDeployment(request)), { changed: true });
    const late = await step((on) => on.scaleDeployment({ ...request, to: 3 }), 'other/run');
    assert.deepEqual(late, { changed: false, why: 'it has 2 replicas by now, observed were 1' });
  });

  it('names that are no names of Kubernetes, and targets of other clusters, reach no API server', async () => {
    const from = kube.requests().length;
    for (const node of HOSTILE) {
      isFinal(await failure(step((on) => on.cordonNode({ node, uid: 'x' }))), 'TargetNotAllowed');
      isFinal(await failure(step((on) => on.observeDeployment({ deployment: node }))), 'TargetNotAllowed');
    }
    for (const index of HOSTILE.keys())
      isFinal(await failure(step((on) => on.cordonNode({ node: `hostile-${index}`, uid: 'x' }))), 'TargetUnfit');
    isFinal(await failure(step((on) => on.cordonNode({ node: 'shop', uid: 'x' }))), 'TargetUnfit');
    isFinal(await failure(step((on) => on.observeNode({ node: 'elsewhere' }))), 'ClusterUnknown');
    for (const uid of HOSTILE)
      isFinal(await failure(step((on) => on.cordonNode({ node: 'web-1', uid }))), 'NodeReplaced');
    assert.deepEqual(effects(from), []);
  });

  it('a refusal says what happens next: not allowed is final, credentials and the network are tried again', async () => {
    const stranger = kube.tocsin.replaceAll('tocsin-token', 'wrong-token');
    const unknown = await failure(step((on) => on.observeNode({ node: 'web-1' }), 'a', stranger));
    assert.ok(!(unknown instanceof ApplicationFailure));
    assert.match(
      unknown.message,
      /credentials of the kubeconfig are refused; it is read anew and it is tried again: .*answered 401/,
    );
    const weak = kube.tocsin.replaceAll('tocsin-token', 'reader-token');
    isFinal(await failure(step((on) => on.observeNode({ node: 'web-1' }), 'a', weak)), 'KubernetesForbidden');
    const away = await failure(
      step((on) => on.observeNode({ node: 'web-1' }), 'a', kube.tocsin.replaceAll(/127.0.0.1:\d+/g, '127.0.0.1:1')),
    );
    assert.match(away.message, /cannot read node web-1 in cluster test, which is tried again: .*ECONNREFUSED/);
    assert.ok(![unknown, away].some(({ message }) => message.includes('-token')), 'no credentials in a message');
  });

  it('a server that does not answer costs the time-out, no more', async () => {
    const silent: Server = createServer();
    await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const on = activitiesOn(kube.tocsin.replaceAll(/127.0.0.1:\d+/g, `127.0.0.1:${port}`), 200);
    const error = await failure(quiet().run(() => on.observeNode({ node: 'web-1' })));
    assert.match(error.message, /which is tried again: no answer within the time-out/);
    silent.close();
  });

  it('a kubeconfig without a check of certificates, or of another context, is refused', async () => {
    const plain = kube.tocsin.replaceAll('https://', 'http://');
    isFinal(await failure(step((on) => on.observeNode({ node: 'web-1' }), 'a', plain)), 'ClusterUnsafe');
    const blind = kube.tocsin.replaceAll(/certificate-authority-data: .*/g, 'insecure-skip-tls-verify: true');
    isFinal(await failure(step((on) => on.observeNode({ node: 'web-1' }), 'a', blind)), 'ClusterUnsafe');
  });
});
