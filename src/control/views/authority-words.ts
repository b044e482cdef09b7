import { plainWords } from '../../model/aside.ts';
import type { AuthorityRefusal } from '../../model/refusal.ts';
import { isoIn } from '../zone.ts';

/** A no to whoever asks, in one sentence with its numbers and what to do. */
export function authoritySummary(refusal: AuthorityRefusal, zone: string): string {
  switch (refusal.kind) {
    case 'not-authorised':
      return `${refusal.principal} may not ${refusal.action}: ${refusal.hits.map(({ why, fix }) => `${why} (${fix})`).join('; ')}`;
    case 'outside-mandate': {
      const faults = refusal.faults.map(({ limit, asked, left }) => `${limit}: asked ${asked}, left ${left}`);
      const of = refusal.mandate === undefined ? '' : ` of mandate ${refusal.mandate}`;
      return `it is outside the limits${of} of ${refusal.principal}: ${faults.join('; ')}`;
    }
    case 'rate-limited':
      return `${limits[refusal.limit](refusal.most)}${refusal.mandate === undefined ? '' : ` under ${refusal.mandate}`}; try again after ${isoIn(refusal.retryAtMs, zone)}`;
    case 'stopped':
      return `${refusal.target.kind} \`${refusal.target.id}\` is stopped since ${isoIn(refusal.sinceMs, zone)}: ${plainWords(refusal.reason)}`;
    case 'approval-void':
      return `approval ${refusal.approval} ${voids[refusal.why]}${refusal.atMs === undefined ? '' : ` at ${isoIn(refusal.atMs, zone)}`}`;
    case 'may-not-decide':
      return `${refusal.principal} may not decide on ${refusal.approval}: ${refusal.note}`;
    case 'unknown-authority':
      return `there is no ${refusal.what} \`${refusal.id}\` that this could be about`;
    default:
      return refusal satisfies never;
  }
}

const limits = {
  'commands-per-minute': (most: number) => `${most} commands a minute are the limit`,
  'same-request': (most: number) =>
    `the same was asked for ${most} times in ten minutes: this looks like a loop`,
  'open-approvals': (most: number) => `${most} acts wait for a person already`,
};

const voids = {
  unknown: 'was never asked for',
  expired: 'expired',
  used: 'was used',
  rejected: 'was rejected',
  'other-digest': 'is about another plan than the one that was signed',
};
