/** What `tocsin.yaml` may say about approvals, and what no schema can say about it. */
import { Type, type Static } from 'typebox';
import { type ApprovalSettings, publicKeyOf } from '../activities/approvals.ts';
import { durationMs } from './duration.ts';

const Duration = (pattern: string, text: string) => Type.String({ pattern, default: text });
const Instant = Type.String({ format: 'date-time' });
const Person = Type.String({ pattern: '^[^\\s].{0,98}$' });

/** At most 4 h: five questions of a run fit into the day that is added to its bound. */
const EXPIRY = '^([1-9]\\d{0,3} ?s|([1-9]|[1-9]\\d|1\\d\\d|2[0-3]\\d|240) ?m|[1-4] ?h)$';
const REMINDER = '^[1-9]\\d{0,3} ?(s|m)$';

const Key = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,39}$' }),
    /** Several keys of one person count as that one person. */
    person: Person,
    /** User name under which the person starts runs; default: `person`. */
    login: Type.Optional(Person),
    /** Ed25519, as `tocsin keys new` prints it. Public: it stands here itself. */
    publicKey: Type.String({ minLength: 40, maxLength: 400 }),
    revoked: Type.Optional(Instant),
    expires: Type.Optional(Instant),
  },
  { additionalProperties: false },
);
const RunbookName = Type.String({ pattern: '^[A-Za-z0-9_]{1,80}$' });
const ChannelName = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,39}$' });
const Quorum = Type.Integer({ minimum: 1, maximum: 10 });

export const ApprovalsSchema = Type.Object(
  {
    keys: Type.Array(Key, { maxItems: 200, default: [] }),
    /** How many different people have to approve. */
    quorum: Type.Integer({ minimum: 1, maximum: 10, default: 1 }),
    /** For single runbooks, by name. */
    quorums: Type.Record(RunbookName, Quorum, { default: {} }),
    /** How long one question stands. */
    expiry: Duration(EXPIRY, '30m'),
    /** When people are told again. */
    reminders: Type.Array(Type.String({ pattern: REMINDER }), { maxItems: 10, default: ['5m', '15m'] }),
    /** Who is told at once, by the first reminder, by the next. Default: everybody with a key. */
    escalation: Type.Array(Type.Array(Person, { minItems: 1, maxItems: 50 }), { maxItems: 10, default: [] }),
    /** Where single runbooks ask, by name: names of `notify.channels`. Default: everywhere. */
    channels: Type.Record(RunbookName, Type.Array(ChannelName, { minItems: 1, maxItems: 20 }), { default: {} }),
  },
  { additionalProperties: false, default: {} },
);

export type ApprovalsConfig = Static<typeof ApprovalsSchema>;

export const approvalSettings = (config: ApprovalsConfig): ApprovalSettings => ({
  keys: config.keys,
  quorum: config.quorum,
  quorums: config.quorums,
  expiryMs: durationMs(config.expiry),
  remindersMs: config.reminders.map(durationMs),
  escalation: config.escalation,
});

/** One line for each contradiction, with its place. */
export function approvalProblems({ keys, quorum, quorums, escalation }: ApprovalsConfig): string[] {
  const people = new Set(keys.map(({ person }) => person));
  const wanted = [['quorum', quorum], ...Object.entries(quorums).map(([name, n]) => [`quorums/${name}`, n])] as const;
  return [
    ...keys.flatMap(({ id, publicKey }, index) => {
      const problem = keyProblem(publicKey);
      const twice = keys.findIndex((key) => key.id === id) !== index;
      return [
        ...(problem === null ? [] : [`/approvals/keys/${index}/publicKey: ${problem}`]),
        ...(twice ? [`/approvals/keys/${index}/id: ${id} is there twice`] : []),
      ];
    }),
    ...[...people].flatMap((person) => {
      const same = [...people].find((other) => other !== person && other.toLowerCase() === person.toLowerCase());
      return same === undefined ? [] : [`/approvals/keys: ${person} and ${same} would count as two people`];
    }),
    ...wanted.flatMap(([name, needed]) =>
      people.size > 0 && Number(needed) > people.size
        ? [`/approvals/${name}: ${needed} people are needed, and the keys are of ${people.size}`]
        : [],
    ),
    ...escalation.flatMap((names, index) =>
      names.flatMap((name) =>
        people.has(name)
          ? []
          : [`/approvals/escalation/${index}: ${JSON.stringify(name)} has no key, so cannot approve`],
      ),
    ),
  ];
}

function keyProblem(publicKey: string): string | null {
  try {
    publicKeyOf(publicKey);
    return null;
  } catch (error) {
    return `no Ed25519 public key: ${error instanceof Error ? error.message : String(error)}`;
  }
}
