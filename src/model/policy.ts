import { z } from 'zod';

import { Digest, Path } from './id.ts';

/** A fact that a rule read: what it says and who says so. Without a value it is missing. */
export const ReadFact = z.strictObject({
  fact: z.string().max(200).describe('subject and attribute, such as `site:iad3 country`'),
  value: z.string().max(120).optional(),
  source: z.string().max(300),
});
export type ReadFact = z.infer<typeof ReadFact>;

/** One rule that bit, in the words of its pack. */
export const RuleHit = z.strictObject({
  rule: z.string().max(80).describe('such as `gdpr-44-eea`'),
  article: z.string().max(120),
  effect: z.enum(['forbid', 'fact-missing']),
  why: z.string().max(300),
  fix: z.string().max(300),
  facts: z.array(ReadFact).max(16).optional().describe('what it read, with the sources'),
});
export type RuleHit = z.infer<typeof RuleHit>;

/** Whether one site may run the workload. Allowed exactly when no rule hit. */
export const SiteVerdict = z.strictObject({
  site: Path,
  answer: z.enum(['allowed', 'forbidden', 'fact-missing']),
  hits: z.array(RuleHit).max(64),
  flags: z.array(RuleHit).max(64).optional().describe('what rules only point out, and what was overridden'),
});
export type SiteVerdict = z.infer<typeof SiteVerdict>;

/** What somebody calls a rule that is to be set aside: `dora`, a rule's id, `approvals`. */
export const SetAside = z.string().max(80);

/** A rule that stands at some sites, whatever was asked for. */
export const StandingRule = z.strictObject({
  ...RuleHit.pick({ rule: true, article: true, effect: true, why: true, fix: true }).shape,
  sites: z.array(Path).min(1).max(64).describe('that it closes; the first 64'),
});
export type StandingRule = z.infer<typeof StandingRule>;

/** The answer of all rules for all sites. A technical check of recorded facts, not legal advice. */
export const PolicyVerdict = z.strictObject({
  policy: Digest.describe('digest of the rule packs that answered'),
  packs: z.array(z.string().max(80)).max(32),
  sites: z.array(SiteVerdict).max(10_000),
});
export type PolicyVerdict = z.infer<typeof PolicyVerdict>;
