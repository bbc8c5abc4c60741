/** Whether a request is genuine cannot be said now (a key or certificate cannot be fetched): its sender must come again, not be refused. */
export class CannotTell extends Error {
  override readonly name = 'CannotTell';
}
