/** What tests of runbooks are made of. */
export { at } from './at.ts';
export { type Fakes, answers } from './fakes.ts';
export { type AlertOptions, givenAlert } from './given-alert.ts';
export {
  type AnswerOptions,
  type Happening,
  type PeopleAtHand,
  approves,
  cancelled,
  chooses,
  denies,
  resolves,
  signalled,
} from './happenings.ts';
export { type Replayed, replayHistories } from './replay-histories.ts';
export { type RunOptions, type TestKit, type TestKitOptions, openTestKit } from './test-kit.ts';
export type { TestAnswer, TestPeople, TestPerson } from './test-people.ts';
export type { TestPlaces } from './test-places.ts';
export { TestRun } from './test-run.ts';
export type { TimelineEntry } from '../run-timeline.ts';
