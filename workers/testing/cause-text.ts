/** What an error and its causes say, the outermost first, without what only says that there is a cause. */
export function causeText(error: unknown): string {
  const messages: string[] = [];
  for (let next = error; next instanceof Error; next = next.cause)
    if (
      next.message !== '' &&
      !/^(Workflow|Activity|Child Workflow) (execution|task) (failed|cancelled|timed out)$/i.test(next.message)
    )
      messages.push(next.message);
  return messages.join(': ') || String(error);
}
