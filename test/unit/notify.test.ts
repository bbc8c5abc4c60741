import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import {
  type Channel,
  Later,
  type Message,
  type Notice,
  Refused,
  type Severity,
} from '../../workers/notify/channel.ts';
import { messageText } from '../../workers/notify/message-text.ts';
import { toldNotice } from '../../workers/notify/told-notice.ts';
import { type NotifierOptions, createNotifier } from '../../workers/notify/notifier.ts';
import { manualClock, turn } from '../support/manual-clock.ts';

const MINUTE_MS = 60_000;
const DEDUP_MS = 600_000;

const notice = (key: string, severity: Severity = 'warning', changes: Partial<Notice> = {}): Notice => ({
  key,
  severity,
  title: `title of ${key}`,
  text: `text of ${key}`,
  link: null,
  at: 0,
  ...changes,
});

/** A channel that does what the test says, and a notifier with it in time moved by hand. */
function setUp(limits: Partial<NotifierOptions['limits']> = {}) {
  const sent: Message[] = [];
  const attempts: string[] = [];
  const logged: string[] = [];
  const receiver = { answer: async (_message: Message, _signal: AbortSignal): Promise<void> => undefined };
  const channel: Channel = {
    name: 'test',
    send: async (message, signal) => {
      attempts.push(message.id);
      await receiver.answer(message, signal);
      sent.push(message);
    },
  };
  const clock = manualClock();
  const logger = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) });
  const all = { perMinute: 100, dedupMs: DEDUP_MS, queue: 100, ...limits };
  const notifier = createNotifier({ channels: [channel], logger, clock, limits: all });
  const told = (): string[] => sent.map(({ lead, more }) => [lead, ...more].map(({ key }) => key).join('+'));
  return { sent, attempts, logged, receiver, clock, notifier, told };
}

const hanging = (_message: Message, signal: AbortSignal): Promise<void> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

/** Channels that take a message or refuse it, by name, and what each took. */
function channelsOf(answers: Readonly<Record<string, boolean>>) {
  const took: string[] = [];
  const channels = Object.entries(answers).map(([configured, takes]): Channel => ({
    name: `test ${configured}`,
    configured,
    send: async ({ lead }) => {
      if (!takes) throw new Refused('no');
      took.push(`${configured} ${lead.key}`);
    },
  }));
  const clock = manualClock();
  const limits = { perMinute: 100, dedupMs: DEDUP_MS, queue: 100 };
  return { took, notifier: createNotifier({ channels, logger: pino({ level: 'silent' }), clock, limits }) };
}

describe('notices for some channels', () => {
  it('go there and nowhere else; what is for nobody in particular goes everywhere', async () => {
    const { took, notifier } = channelsOf({ dba: true, all: true });
    await notifier.tell(notice('asked', 'warning', { channels: ['dba'] }));
    assert.deepEqual(took, ['dba asked']);
    await notifier.tell(notice('failed'));
    assert.deepEqual(took.slice(1).toSorted(), ['all failed', 'dba failed']);
  });

  it('go to the others when none of theirs takes them', async () => {
    const { took, notifier } = channelsOf({ dba: false, all: true });
    assert.equal(await notifier.tell(notice('asked', 'warning', { channels: ['dba'] })), true);
    assert.deepEqual(took, ['all asked']);
  });

  it('are the questions of the runbooks that have channels of their own', () => {
    const run = { workflowId: 'w', runId: 'r', namespace: 'n', runbook: 'failOver' };
    const where = { uiUrl: null, channels: { failOver: ['dba'] } };
    const told = (about: string, runbook = 'failOver') =>
      toldNotice({ about, severity: 'warning', title: '', text: '' }, { ...run, runbook }, where).channels;
    assert.deepEqual(told('approval of 1'), ['dba']);
    assert.deepEqual(told('question 1 0'), ['dba']);
    assert.equal(told('no-worker/eu'), undefined);
    assert.equal(told('approval of 1', 'restartService'), undefined);
  });
});

describe('notifier', () => {
  it('says what became of what must not be lost: told, counted, or to be offered again', async () => {
    const { notifier, receiver, clock, told } = setUp();
    assert.equal(await notifier.tell(notice('a')), true);
    assert.equal(await notifier.tell(notice('a')), true, 'a repetition of what was told');
    receiver.answer = () => Promise.reject(new Refused('no'));
    assert.equal(await notifier.tell(notice('b')), false);
    receiver.answer = () => Promise.resolve();
    assert.equal(await notifier.tell(notice('b')), true);
    assert.deepEqual(told(), ['a', 'b'], 'what failed is news when it is offered again');
    receiver.answer = hanging;
    const hung = notifier.tell(notice('c'));
    const waiting = notifier.tell(notice('d'));
    const closed = notifier.close(1_000);
    await clock.advance(1_000);
    assert.deepEqual(await Promise.all([hung, waiting]), [false, false]);
    await closed;
    assert.equal(await notifier.tell(notice('e')), false, 'nobody is there any more');
  });

  it('news is told at once, with its words', async () => {
    const { sent, notifier } = setUp();
    notifier.notify(notice('a', 'critical', { link: 'https://ui.example.com/run' }));
    await turn();
    const { lead } = sent[0] ?? assert.fail('nothing was sent');
    assert.deepEqual(lead, { ...notice('a', 'critical', { link: 'https://ui.example.com/run' }), repeats: 0 });
  });

  it('repetitions within the time are counted, and the count is told when it is over', async () => {
    const { sent, clock, notifier } = setUp();
    for (let times = 0; times < 5; times += 1) notifier.notify(notice('a'));
    await clock.advance(DEDUP_MS - 1);
    assert.equal(sent.length, 1);
    await clock.advance(1);
    assert.deepEqual(
      sent.map(({ lead }) => lead.repeats),
      [0, 4],
    );
    assert.match(messageText(sent[1] ?? assert.fail()).text, /It came 4 times again/);
  });

  it('what goes on is told once per dedup time, and what has stopped is news again', async () => {
    const { sent, clock, notifier } = setUp();
    for (let minute = 0; minute < 60; minute += 1) {
      notifier.notify(notice('a'));
      await clock.advance(MINUTE_MS);
    }
    const repeats = sent.map(({ lead }) => lead.repeats);
    assert.equal(repeats.length, 7);
    assert.equal(repeats.reduce((sum, each) => sum + each + 1, 0) - 6, 60, 'each one is in a count');
    await clock.advance(2 * DEDUP_MS);
    notifier.notify(notice('a'));
    await turn();
    assert.equal(sent.at(-1)?.lead.repeats, 0);
  });

  it('beyond the rate everything is in one message, the most severe first', async () => {
    const { clock, notifier, told, sent } = setUp({ perMinute: 2 });
    for (const key of ['a', 'b', 'c', 'd']) notifier.notify(notice(key));
    notifier.notify(notice('e', 'critical'));
    await clock.advance(MINUTE_MS - 1);
    assert.deepEqual(told(), ['e', 'a']);
    await clock.advance(1);
    assert.deepEqual(told(), ['e', 'a', 'b+c+d']);
    const { title, text } = messageText(sent[2] ?? assert.fail());
    assert.equal(title, 'title of b (and 2 more)');
    assert.match(text, /And 2 more:\n- warning: title of c\n- warning: title of d/);
  });

  it('a storm is no more than the rate allows, and nothing of it is silent', async () => {
    const { clock, notifier, sent } = setUp({ perMinute: 5 });
    for (let count = 0; count < 90; count += 1) notifier.notify(notice(`n${count}`));
    await clock.advance(3 * MINUTE_MS);
    assert.equal(sent.length, 6);
    assert.equal(
      sent.reduce((sum, { more }) => sum + 1 + more.length, 0),
      90,
    );
    assert.match(messageText(sent[5] ?? assert.fail()).text, /And 84 more:[^]*- 69 others$/);
  });

  it('a full queue drops the oldest of the least severe, and the next message says how many', async () => {
    const { clock, notifier, receiver, told, sent, logged } = setUp({ queue: 3 });
    receiver.answer = hanging;
    notifier.notify(notice('first'));
    await turn();
    for (const [key, severity] of [
      ['i1', 'info'],
      ['w1', 'warning'],
      ['i2', 'info'],
      ['c1', 'critical'],
      ['c2', 'critical'],
      ['i3', 'info'],
      ['c3', 'critical'],
    ] as const)
      notifier.notify(notice(key, severity));
    receiver.answer = async () => undefined;
    await clock.advance(20_000);
    assert.deepEqual(told(), ['first', 'c1', 'c2', 'c3']);
    assert.deepEqual(
      sent.map(({ dropped }) => dropped),
      [0, 4, 0, 0],
    );
    assert.match(messageText(sent[1] ?? assert.fail()).text, /4 notices dropped/);
    assert.equal(logged.filter((line) => line.includes('the least severe was dropped')).length, 4);
  });

  it('a failure is tried again with growing pauses, always as the same message', async () => {
    const { clock, notifier, receiver, attempts, sent } = setUp();
    let failures = 3;
    receiver.answer = async () => {
      if (failures-- > 0) throw new Error('away');
    };
    notifier.notify(notice('a'));
    await turn();
    for (const [least, most] of [
      [1_000, 2_000],
      [3_000, 6_000],
      [9_000, 18_000],
    ] as const) {
      const [delay = 0] = clock.pauses();
      assert.ok(delay >= least && delay <= most, `${delay} is not within ${least} and ${most}`);
      assert.equal(sent.length, 0);
      await clock.advance(delay);
    }
    assert.equal(sent.length, 1);
    assert.equal(attempts.length, 4);
    assert.equal(new Set(attempts).size, 1);
  });

  it('after six attempts or five minutes it is given up, logged, and said in the next message', async () => {
    const { clock, notifier, receiver, attempts, sent, logged } = setUp();
    receiver.answer = async () => {
      throw new Error('away');
    };
    notifier.notify(notice('a'));
    await clock.advance(300_000);
    assert.equal(attempts.length, 6);
    assert.match(logged.at(-1) ?? '', /"notices":\["warning: title of a"\].*notice not delivered"/);
    receiver.answer = async () => undefined;
    notifier.notify(notice('b'));
    await turn();
    assert.equal(sent[0]?.undelivered, 1);
    assert.match(messageText(sent[0]).text, /1 notice could not be delivered/);
    notifier.notify(notice('c'));
    await turn();
    assert.equal(sent[1]?.undelivered, 0);
  });

  it('a receiver that asks for time gets it, up to five minutes', async () => {
    for (const [asked, waited] of [
      [120_000, 120_000],
      [86_400_000, 300_000],
    ] as const) {
      const { clock, notifier, receiver, sent } = setUp();
      receiver.answer = async () => {
        throw new Later('too many', asked);
      };
      notifier.notify(notice('a'));
      await clock.advance(waited - 1);
      receiver.answer = async () => undefined;
      assert.equal(sent.length, 0);
      await clock.advance(1);
      assert.equal(sent.length, 1);
    }
  });

  it('what is refused is not tried again', async () => {
    const { clock, notifier, receiver, attempts } = setUp();
    receiver.answer = async () => {
      throw new Refused('no such channel');
    };
    notifier.notify(notice('a'));
    await clock.advance(300_000);
    assert.equal(attempts.length, 1);
  });

  it('a channel that hangs is given up by attempt, and holds up neither the caller nor its neighbours', async () => {
    const { clock, notifier, receiver, attempts, logged, sent } = setUp();
    receiver.answer = hanging;
    notifier.notify(notice('a'));
    await turn();
    assert.equal(attempts.length, 1);
    await clock.advance(14_999);
    assert.equal(logged.length, 0);
    await clock.advance(1);
    assert.match(logged[0] ?? '', /no answer within 15000 ms/);
    receiver.answer = async () => undefined;
    await clock.advance(2_000);
    assert.equal(sent.length, 1);
  });

  it('notify never throws: neither for a channel that does at once, nor for a notice that is none', async () => {
    const { notifier, receiver, logged } = setUp();
    receiver.answer = () => {
      throw new Error('at once');
    };
    notifier.notify(notice('a'));
    notifier.notify(null as unknown as Notice);
    await turn();
    assert.equal(logged.filter((line) => /could not be taken|at once/.test(line)).length, 2);
  });

  it('an hour without its receiver costs bounded memory, and its end is told', async () => {
    const { clock, notifier, receiver, sent } = setUp({ queue: 10, dedupMs: 0 });
    receiver.answer = async () => {
      throw new Error('away');
    };
    for (let count = 0; count < 600; count += 1) {
      notifier.notify(notice(`n${count}`));
      await clock.advance(6_000);
    }
    receiver.answer = async () => undefined;
    await clock.advance(10 * MINUTE_MS);
    const arrived = sent.reduce((sum, { more }) => sum + 1 + more.length, 0);
    const lost = sent.reduce((sum, { dropped, undelivered }) => sum + dropped + undelivered, 0);
    assert.ok(arrived <= 12, `${arrived} arrived, at most the queue and the ones on their way can`);
    assert.equal(arrived + lost, 600, 'every one arrived or is counted');
  });

  it('a repetition of what still waits for a channel is told when that is, and lost when that is', async () => {
    const { clock, notifier, receiver, sent } = setUp();
    receiver.answer = async () => {
      throw new Refused('no');
    };
    const lost = [notifier.tell(notice('a')), notifier.tell(notice('a'))];
    assert.deepEqual(await Promise.all(lost), [false, false]);
    receiver.answer = async () => {
      throw new Error('away');
    };
    const late = [notifier.tell(notice('a')), notifier.tell(notice('a'))];
    await turn();
    receiver.answer = async () => undefined;
    await clock.advance(MINUTE_MS);
    assert.deepEqual(await Promise.all(late), [true, true]);
    assert.equal(sent.length, 1);
    assert.equal(await notifier.tell(notice('a')), true, 'and of what was told it is counted');
    assert.equal(sent.length, 1);
  });

  it('a clock that is set back keeps nothing from being told', async () => {
    const { notifier, clock, told } = setUp({ perMinute: 2 });
    for (const key of ['a', 'b']) notifier.notify(notice(key));
    await clock.advance(1_000);
    clock.setBack(86_400_000);
    for (const key of ['a', 'c']) notifier.notify(notice(key));
    await clock.advance(1_000);
    assert.deepEqual(told(), ['a', 'b', 'a', 'c']);
  });

  it('closing tells open counts and what waits for the rate, in one message, and ends', async () => {
    const { clock, notifier, told, sent } = setUp({ perMinute: 1 });
    for (const key of ['a', 'b', 'b', 'c']) notifier.notify(notice(key));
    await turn();
    await notifier.close(10_000);
    assert.deepEqual(told(), ['a', 'b+c+b']);
    assert.equal(sent[1]?.more[1]?.repeats, 1);
    assert.deepEqual(clock.pauses(), [], 'no timer is left');
    notifier.notify(notice('late'));
    await turn();
    assert.equal(sent.length, 2);
  });

  it('closing tries at once what was waiting to be tried again', async () => {
    const { notifier, receiver, sent } = setUp();
    receiver.answer = async () => {
      throw new Error('away');
    };
    notifier.notify(notice('a'));
    await turn();
    receiver.answer = async () => undefined;
    await notifier.close(10_000);
    assert.equal(sent.length, 1);
  });

  it('closing with a channel that hangs ends at its bound and logs what is left', async () => {
    const { clock, notifier, receiver, logged } = setUp();
    receiver.answer = hanging;
    notifier.notify(notice('a'));
    await turn();
    notifier.notify(notice('b'));
    const closed = notifier.close(5_000);
    await clock.advance(5_000);
    await closed;
    assert.match(logged.join(''), /title of a.*notice not delivered/);
    assert.match(logged.join(''), /title of b.*left behind at the end/);
    assert.deepEqual(clock.pauses(), []);
  });
});
