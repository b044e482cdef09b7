import { dayOf, dayText } from '../model/day.ts';
import type { Override } from '../model/override.ts';
import type { RuleHit, SiteVerdict } from '../model/policy.ts';
import type { SiteQuestion } from './site-verdict.ts';

/**
 * The verdict without the rules that two persons have set aside for this tenant and site over the whole span. They
 * are still told, among the flags, with the override's number. A rule that binds whoever asks is never set aside.
 */
export function overridden(verdict: SiteVerdict, question: SiteQuestion): SiteVerdict {
  const hits: RuleHit[] = [];
  const flags: RuleHit[] = [...(verdict.flags ?? [])];
  for (const hit of verdict.hits) {
    const override = overrideOf(hit, verdict, question);
    if (override === undefined) hits.push(hit);
    else flags.push(toldWith(hit, override));
  }
  if (hits.length === verdict.hits.length) return verdict;
  return { ...verdict, answer: answerOf(hits), hits, flags };
}

export function answerOf(hits: readonly RuleHit[]): SiteVerdict['answer'] {
  if (hits.some((hit) => hit.effect === 'forbid')) return 'forbidden';
  return hits.length > 0 ? 'fact-missing' : 'allowed';
}

function overrideOf(
  { rule }: RuleHit,
  { site }: SiteVerdict,
  { packs, workload, overrides, span }: SiteQuestion,
): Override | undefined {
  const known = packs.rules.find(({ id }) => id === rule);
  if (known === undefined || known.override === 'never') return undefined;
  return overrides.find(
    (override) =>
      override.rule === rule &&
      override.tenant === workload.tenant &&
      (override.site === undefined || override.site === site) &&
      override.liftedAtMs === undefined &&
      override.sinceMs <= span.atMs &&
      override.expiresAtMs > span.atMs &&
      override.expiresAtMs >= span.untilMs,
  );
}

function toldWith(hit: RuleHit, { id, expiresAtMs, requestedBy, second, reason }: Override): RuleHit {
  const said = `set aside by ${id} of ${requestedBy} and ${second.by} until ${dayText(dayOf(expiresAtMs))}: ${reason}`;
  return { ...hit, why: `${said}; ${hit.why}`.slice(0, 300) };
}
