/**
 * What services of Amazon publish once, to see whether a topic (or a queue) that they were given takes their notifications. Sources: the user guides of
 * Amazon S3 ("Supported event types", s3:TestEvent), EC2 Auto Scaling ("Amazon SNS notification options") and Amazon SES.
 */
import { type Json, textOf } from './read.ts';

const EVENTS = new Set(['s3:TestEvent', 'autoscaling:TEST_NOTIFICATION']);

export const isTopicTest = (message: Json): boolean =>
  EVENTS.has(textOf(message['Event']) ?? '') || message['notificationType'] === 'AmazonSnsSubscriptionSucceeded';
