/** An import of a source of the product becomes one of the file that is built out of it. */
const ROOT = new URL('../../', import.meta.url).href;
const SOURCE = /^(workflows|activities|triggers|workers)\/(.*)\.ts$/;

export function resolve(specifier, context, next) {
  const isRelative = specifier.startsWith('.') && context.parentURL !== undefined;
  const url = isRelative ? new URL(specifier, context.parentURL).href : specifier;
  const [, folder, name] = url.startsWith(ROOT) ? (SOURCE.exec(url.slice(ROOT.length)) ?? []) : [];
  return folder === undefined ? next(specifier, context) : next(`${ROOT}dist/${folder}/${name}.js`, context);
}
