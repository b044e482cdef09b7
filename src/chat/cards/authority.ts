import { plainWords } from '../../model/aside.ts';
import type { AuthorityRefusal } from '../../model/refusal.ts';
import type { Room } from './line.ts';
import { formatAt } from './time.ts';

/** The numbers and names of a no to whoever asks. */
export function authorityFacts(refusal: AuthorityRefusal, { zone = 'UTC' }: Room): string[] {
  const at = (atMs: number) => `${formatAt(atMs, zone)} ${zone}`;
  switch (refusal.kind) {
    case 'not-authorised':
      return refusal.hits.map(({ rule, article, why, fix }) => `${rule} (${article}): ${why}; ${fix}`);
    case 'outside-mandate':
      return refusal.faults.map(({ limit, mandate, asked, left }) =>
        `${mandate ?? ''} ${limit}: asked ${asked}, left ${left}`.trim(),
      );
    case 'rate-limited':
      return [`limit: ${refusal.limit}, ${refusal.most}`, `again after ${at(refusal.retryAtMs)}`];
    case 'stopped':
      return [
        `${refusal.target.kind} ${refusal.target.id} since ${at(refusal.sinceMs)}: ${plainWords(refusal.reason)}`,
      ];
    case 'approval-void':
      return [`approval: ${refusal.approval}`, `why: ${refusal.why}`];
    case 'may-not-decide':
      return [`approval: ${refusal.approval}`, refusal.note];
    case 'unknown-authority':
      return [`${refusal.what}: ${refusal.id}`];
    default:
      return refusal satisfies never;
  }
}
