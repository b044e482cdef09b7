import type { Answer } from '../agent/answers/answer.ts';
import type { ModelFailure } from './failure.ts';

const failures = {
  endpoint: 'the model endpoint failed',
  conduct: 'the model was stopped',
  unable: 'the model cannot be used',
} as const;

/** What is said before the built-in reader answers in the model's place. */
export function announcement({ kind, message }: ModelFailure): string {
  const what = `${failures[kind].replace('the', 'The')}: ${message}.`;
  return kind === 'conduct'
    ? `${what} The built-in reader answers this instead.`
    : `${what} The built-in reader answers from here on; nothing more is sent to the endpoint.`;
}

/** The answer where nobody else can give one. */
export function failed({ message, kind }: ModelFailure): Answer {
  const error = {
    code: 'MODEL_FAILED',
    message: `${failures[kind]}: ${message}`,
    fix: 'test it with `berth model`, or unset BERTH_MODEL to use the built-in reader',
    retryable: true,
  } as const;
  return { outcome: 'error', reply: '', shown: [], unread: [], error };
}
