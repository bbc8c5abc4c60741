/** A mail as its reader sees it: headers by their name in small letters, and the body, both decoded. */
export function readMail(data: string): { headers: Record<string, string>; body: string } {
  const [head = '', body = ''] = data.split('\r\n\r\n');
  const headers = head
    .replaceAll('\r\n ', ' ')
    .split('\r\n')
    .map((line) => {
      const [name = '', ...value] = line.split(': ');
      const decoded = value
        .join(': ')
        .replaceAll(/=\?UTF-8\?B\?(\S+?)\?=(?: (?==\?))?/g, (_all, word: string) =>
          Buffer.from(word, 'base64').toString('utf8'),
        );
      return [name.toLowerCase(), decoded] as const;
    });
  return { headers: Object.fromEntries(headers), body: Buffer.from(body, 'base64').toString('utf8') };
}
