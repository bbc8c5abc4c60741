/** Nobody knows what became of the work: asked again it may answer. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** Resolves or rejects as the work does; rejects with NoAnswer when it has not answered by then. The work itself goes on. */
export async function inTime<T>(work: Promise<T>, withinMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new NoAnswer(`no answer within ${withinMs} ms`)), withinMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
