/** Files as the project's own prettier writes them; as they are where it has none. Names of any length fit into the lines of nobody's template. */
import { createRequire } from 'node:module';
import { join } from 'node:path';

interface Prettier {
  format(text: string, options: object): Promise<string>;
  resolveConfig(file: string): Promise<object | null>;
}

export async function formatted(
  root: string,
  files: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const prettier = prettierOf(root);
  if (prettier === null) return files;
  const entries = Object.entries(files).map(async ([file, text]) => {
    const filepath = join(root, file);
    return [file, await prettier.format(text, { ...(await prettier.resolveConfig(filepath)), filepath })] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function prettierOf(root: string): Prettier | null {
  const require = createRequire(join(root, 'package.json'));
  try {
    require.resolve('prettier');
  } catch {
    return null;
  }
  return require('prettier') as Prettier;
}
