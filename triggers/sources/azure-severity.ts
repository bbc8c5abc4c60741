/** Azure counts Sev0 to Sev4 down from critical, one step lower than most who write `sev1`. Source: learn.microsoft.com, alert severity. */
const WORDS = ['critical', 'error', 'warning', 'informational', 'debug'] as const;

/** The word that stands for it; null when it is none of the five. Metric alerts of before write the digit alone. */
export function azureSeverity(text: string | null): string | null {
  const digit = /^(?:sev)?([0-4])$/i.exec(text ?? '')?.[1];
  return digit === undefined ? null : (WORDS[Number(digit)] ?? null);
}
