/**
 * Authentication is for the door only: neither sources nor streams get to see it. A header is known by its name, also those that a
 * gateway on the way adds for itself.
 */
type Headers = Readonly<Record<string, string>>;

export const withoutSecrets = (headers: Headers): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !isSecret(name)));

/** An attribute of a CloudEvent (`ce-authtype`) is part of the event, and an author is nobody's proof. */
const isSecret = (name: string): boolean => !name.startsWith('ce-') && SECRET.test(name);

const SECRET =
  /auth(?!or(?!i[sz]))|token|secret|signature|jwt|cert|cookie|oidc|passw|credential|principal|(?:api|access|functions?|subscription)[-_]?key|^x-routing-key$/;
