/** Activities that tell of each call of them. */
export const countedCalls = <Acts extends object>(acts: Acts, count: () => void): Acts =>
  new Proxy(acts, {
    get: (_target, name) => {
      count();
      return acts[name as keyof Acts];
    },
  });
