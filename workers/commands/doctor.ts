/** `tocsin doctor`: each finding with its remedy. Exit code 0: nothing must be done (warnings may); 1: something must; 3: a server is away. */
import { examinations } from '../doctor/examinations.ts';
import { type Examination, type Finding, error } from '../doctor/finding.ts';
import { EXIT } from '../exit-code.ts';
import { failureOf } from '../failure-of.ts';
import { type CommonOptions, type Session, output, withSession } from './session.ts';

const SIGNS = { ok: '✔', warning: '!', error: '✖' } as const;

export const doctor = (options: CommonOptions): Promise<number> =>
  withSession(options, async (session) => {
    const examined = await Promise.all(examinations.map((each) => examine(each, session)));
    const findings = examined.flatMap(({ name, found }) => found.map((finding) => ({ area: name, ...finding })));
    const lines = findings.flatMap(({ severity, area, what, remedy }) => [
      `${SIGNS[severity]} ${area}: ${what}`,
      ...(remedy === '' ? [] : [`    ${remedy}`]),
    ]);
    output(options, findings, lines.join('\n'));
    if (examined.some(({ away }) => away)) return EXIT.unavailable;
    return findings.some(({ severity }) => severity === 'error') ? EXIT.failed : EXIT.ok;
  });

interface Examined {
  readonly name: string;
  readonly found: readonly Finding[];
  readonly away: boolean;
}

async function examine({ name, needs, examine: look }: Examination, session: Session): Promise<Examined> {
  try {
    return { name, found: await look(session), away: false };
  } catch (failure) {
    const refused = session.refusal(failure);
    if (refused !== null) return { name, found: [error(refused.what, refused.remedy)], away: false };
    const { exitCode } = failureOf(failure);
    const why = failure instanceof Error ? failure.message : String(failure);
    const remedy = needs === null ? 'this is a fault of Tocsin' : 'start it, or correct its address and credentials';
    return { name, found: [error(why, remedy)], away: needs !== null && exitCode === EXIT.unavailable };
  }
}
