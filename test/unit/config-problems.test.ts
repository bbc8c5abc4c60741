import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadConfig } from '../../workers/config.ts';
import { CommandError, EXIT } from '../../workers/exit-code.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-config-'));
after(() => rmSync(dir, { recursive: true, force: true }));

/** The lines of the refusal, without its head. */
function problems(yaml: string, env: Readonly<Record<string, string>> = {}): string[] {
  const file = join(dir, 'tocsin.yaml');
  writeFileSync(file, yaml);
  try {
    loadConfig({ file, env });
  } catch (error) {
    assert.ok(error instanceof CommandError);
    assert.equal(error.exitCode, EXIT.refused);
    const [head, ...lines] = error.message.split('\n');
    assert.equal(head, `configuration ${file}:`);
    return lines.map((line) => line.trim());
  }
  return [];
}

describe('a configuration with faults', () => {
  it('is told all of them at once, each with line, column, place and what is expected', () => {
    const found = problems(`regions: [eu]
nats:
  prot: 4222
  replicas: three
trigger:
  ackWait: soon
intake:
  senders:
    - name: Alerts
      kind: alertmanager
      auth: { kind: none }
`);
    assert.deepEqual(found.toSorted(), [
      '3:3 /nats/prot: is not known here',
      '4:3 /nats/replicas: must be integer',
      '6:3 /trigger/ackWait: expected a duration such as 500ms, 10s, 5m, 1h or 2d, and at most 23 days',
      '9:7 /intake/senders/0/name: expected a name of lower-case letters, digits and hyphens, at most 40 characters',
    ]);
  });

  it('is told where a mapping cannot be followed', () => {
    const found = problems(`intake:
  senders:
    - name: watchdog
      kind: generic
      auth: { kind: none }
      mapping:
        key: [host]
        status: { at: /state, firing: [down] }
        severities: { critcal: [1] }
`);
    assert.deepEqual(found.toSorted(), [
      '7:15 /intake/senders/0/mapping/key/0: expected a JSON Pointer such as /host or /where/region (~1 for a slash in a name, ~0 for a tilde)',
      '9:23 /intake/senders/0/mapping/severities/critcal: is not known here',
    ]);
  });

  it('is told that a secret stands in it, and the secret is not repeated', () => {
    const found = problems(`nats:
  user: trigger
  password: hunter2
intake:
  senders:
    - { name: am, kind: alertmanager, auth: { kind: bearer, secrets: [hunter2] } }
services:
  - { name: a, region: eu, health: 'http://bob:hunter2@a.example/', status: [a], restart: [a] }
`);
    assert.equal(found.length, 3);
    assert.match(
      found.join('\n'),
      /^3:3 \/nats\/password: holds something other than a reference, expected env:NAME or file:\/path/m,
    );
    assert.match(found.join('\n'), /^6:\d+ \/intake\/senders\/0\/auth\/secrets\/0: holds something other/m);
    assert.match(found.join('\n'), /^8:\d+ \/services\/0\/health: holds a password in an address/m);
    assert.doesNotMatch(found.join('\n'), /hunter2/);
  });

  it('that is no YAML is told where, without quoting the line', () => {
    const found = problems('regions: [eu]\nnats: {\n  password: hunter2\nregions: [us]\n');
    assert.match(found[0] ?? '', /^\d+:\d+ /);
    assert.doesNotMatch(found.join('\n'), /hunter2/);
  });

  it('names the environment variable that set a wrong value', () => {
    assert.deepEqual(problems('regions: [eu]\n', { TOCSIN_NATS_PORT: 'many' }), [
      'TOCSIN_NATS_PORT /nats/port: must be integer',
    ]);
  });

  it('is told of channels that are asked through and not there, and of names given twice', () => {
    const channel = '{ kind: slack, name: dba, url: env:SLACK }';
    assert.deepEqual(
      problems(
        `regions: [eu]\nnotify:\n  channels: [${channel}, ${channel}]\napprovals:\n  channels: { failOver: [dba, sre] }\n`,
      ),
      [
        '3:3 /notify/channels: dba is there twice',
        '5:15 /approvals/channels/failOver: no channel of /notify/channels is named sre, expected one of dba',
      ],
    );
  });

  it('is told what fits alone and not together, with its line', () => {
    assert.deepEqual(
      problems(
        "regions: [eu]\nservices:\n  - name: a\n    region: mars\n    health: 'http://a'\n    status: [a]\n    restart: [a]\n",
      ),
      ['4:5 /services/0/region: a is in mars, expected one of eu'],
    );
  });
});
