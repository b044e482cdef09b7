import { z } from 'zod';

import { Digest, Path } from './id.ts';

/** One rule that bit, in the words of its pack. */
export const RuleHit = z.strictObject({
  rule: z.string().max(80).describe('such as `gdpr-44-eea`'),
  article: z.string().max(120),
  effect: z.enum(['forbid', 'fact-missing']),
  why: z.string().max(300),
  fix: z.string().max(300),
});
export type RuleHit = z.infer<typeof RuleHit>;

/** Whether one site may run the workload. Allowed exactly when no rule hit. */
export const SiteVerdict = z.strictObject({
  site: Path,
  answer: z.enum(['allowed', 'forbidden', 'fact-missing']),
  hits: z.array(RuleHit).max(64),
});
export type SiteVerdict = z.infer<typeof SiteVerdict>;

/** The answer of all rules for all sites. A technical check of recorded facts, not legal advice. */
export const PolicyVerdict = z.strictObject({
  policy: Digest.describe('digest of the rule packs that answered'),
  packs: z.array(z.string().max(80)).max(32),
  sites: z.array(SiteVerdict).max(10_000),
});
export type PolicyVerdict = z.infer<typeof PolicyVerdict>;
