/** `tocsin keys new`: a key to approve with; prints what the key ring has to know of it. */
import { stringify } from 'yaml';
import { defaultKeyFile, makeKey } from '../approval-key.ts';
import { EXIT } from '../exit-code.ts';
import { userName } from '../user-name.ts';
import { type CommonOptions, output } from './session.ts';

export interface NewKeyCommand extends CommonOptions {
  readonly out?: string;
  readonly person?: string;
  readonly id?: string;
}

export function newKey(options: NewKeyCommand): number {
  const file = options.out ?? defaultKeyFile();
  const login = userName();
  const id =
    options.id ?? `${login.toLowerCase().replaceAll(/[^a-z0-9._-]+/g, '-')}-${new Date().toISOString().slice(0, 10)}`;
  const entry = { id, person: options.person ?? login, login, publicKey: makeKey(file) };
  const text = [
    `wrote ${file} (mode 600; keep it, nobody can make it again)`,
    'add to approvals.keys of tocsin.yaml, and restart the runbook workers:',
    stringify([entry]).trimEnd(),
  ];
  output(options, { file, entry }, text.join('\n'));
  return EXIT.ok;
}
