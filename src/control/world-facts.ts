import { z } from 'zod';

import { factBody, FactSubject, FactValue, type GovernanceFact } from '../model/governance-fact.ts';
import { Digest, PrincipalId } from '../model/id.ts';
import { demoSeal } from './demo-key.ts';
import { instantMs } from './zone.ts';

const instant = z.iso.datetime({ offset: true });

/** What one document of a world says about one subject. */
export const RecordedFacts = z.strictObject({
  about: FactSubject,
  by: z.string().max(160),
  evidence: z.strictObject({ name: z.string().max(160), digest: Digest }),
  asserted: instant,
  expires: instant,
  signedBy: PrincipalId.optional().describe('with a public demo key: for conclusions of law'),
  says: z.record(z.string().max(41), FactValue),
});
export type RecordedFacts = z.infer<typeof RecordedFacts>;

/** As many as one ledger entry may record. */
const batch = 32;

/** Single facts, in batches for one ledger entry each. */
export function recordedFacts(groups: readonly RecordedFacts[]): readonly (readonly GovernanceFact[])[] {
  const facts = groups.flatMap(factsOf);
  return Array.from({ length: Math.ceil(facts.length / batch) }, (_, at) =>
    facts.slice(at * batch, (at + 1) * batch),
  );
}

function factsOf({
  about,
  by,
  evidence,
  asserted,
  expires,
  signedBy,
  says,
}: RecordedFacts): GovernanceFact[] {
  return Object.entries(says).map(([attribute, value]) => {
    const fact: GovernanceFact = {
      subject: about,
      attribute,
      value,
      assertedBy: by,
      evidence: evidence.digest,
      evidenceName: evidence.name,
      assertedAtMs: instantMs(asserted, 'asserted'),
      expiresAtMs: instantMs(expires, 'expires'),
    };
    return signedBy === undefined ? fact : { ...fact, signed: demoSeal(signedBy, factBody(fact)) };
  });
}
