import { z } from 'zod';

import type { Actor } from './actor.ts';
import { Digest, MandateId, Path, PrincipalId, TeamId, TenantId } from './id.ts';
import { AtMs, Count, MicroEur } from './unit.ts';

const name = z.string().min(1).max(80);
const word = z.string().min(1).max(120);

/** What a person is trusted with. What each role may do is a rule of the pack `authority`, not code. */
export const Role = z.enum(['admin', 'operator', 'approver', 'requester', 'security', 'auditor']);
export type Role = z.infer<typeof Role>;

const roles = z.array(Role).max(6);
const tenants = z.array(TenantId).min(1).max(64);

/** People who share roles and tenants. */
export const Team = z.strictObject({ id: TeamId, name, roles, tenants: tenants.optional() });
export type Team = z.infer<typeof Team>;

const Person = z.strictObject({
  kind: z.literal('person'),
  id: PrincipalId.refine((id) => id.startsWith('person:'), 'a person looks like `person:ada`'),
  name,
  roles,
  tenants: tenants.optional().describe('acts for these only; for all of them without it'),
  teams: z.array(TeamId).max(16).optional(),
});

/** An agent never acts on its own: a person answers for it, and a mandate says what it may do. */
const Agent = z.strictObject({
  kind: z.literal('agent'),
  id: PrincipalId.refine((id) => id.startsWith('agent:'), 'an agent looks like `agent:ops-bot`'),
  name,
  sponsor: PrincipalId,
  digest: Digest.optional().describe('of its software; another one is refused'),
  models: z.array(word).min(1).max(16).optional().describe('language models it may run on'),
});

/** Somebody or something that can act. */
export const Principal = z.discriminatedUnion('kind', [Person, Agent]);
export type Principal = z.infer<typeof Principal>;

/** What an agent may do in its sponsor's name. A limit that is absent does not bind; the lists always do. */
export const MandateLimits = z.strictObject({
  tools: z
    .array(z.string().regex(/^[a-z][a-z_]{1,59}$/))
    .min(1)
    .max(64),
  tenants,
  sites: z.array(Path).min(1).max(64).optional().describe('only inside these places'),
  gpus: Count.optional().describe('held at one time, over all its contracts'),
  gpuSeconds: z.int().min(0).optional().describe('over its whole life'),
  spendMicroEur: MicroEur.optional().describe('over its whole life'),
  blastGpus: Count.optional().describe('GPUs that change hands by one act'),
  commandsPerMinute: z.int().min(1).max(600).optional(),
  expiresAtMs: AtMs,
});
export type MandateLimits = z.infer<typeof MandateLimits>;

/** The wish for a mandate. With `from` it is part of another one and cannot be larger. */
export const MandateWish = z.strictObject({
  agent: PrincipalId,
  sponsor: PrincipalId,
  from: MandateId.optional(),
  ...MandateLimits.shape,
});
export type MandateWish = z.infer<typeof MandateWish>;

/** A mandate as it was granted: what was wished, cut down to what whoever passes it on has. */
export const Mandate = z.strictObject({ id: MandateId, ...MandateWish.shape });
export type Mandate = z.infer<typeof Mandate>;

/** What one event can stop at once, until it is resumed. */
export const StopTarget = z.strictObject({
  kind: z.enum(['principal', 'model', 'tool', 'catalogue', 'tenant']),
  id: word.describe('`agent:ops-bot`, the name of a model or tool, a digest, a tenant'),
});
export type StopTarget = z.infer<typeof StopTarget>;

/** A language model that agents may run on; with a digest only exactly that one. */
export const RegisteredModel = z.strictObject({ name: word, digest: Digest.optional() });
export type RegisteredModel = z.infer<typeof RegisteredModel>;

/** The tools of one version of Berth: what agents were shown, pinned. */
export const Catalogue = z.strictObject({
  digest: Digest,
  tools: z.array(z.strictObject({ name: z.string().max(60), digest: Digest })).max(64),
});
export type Catalogue = z.infer<typeof Catalogue>;

/** How much of a fleet an act is about; what budgets and tiers are computed from. */
export const Need = z.strictObject({
  gpus: z.int().min(0).describe('held once it is done; a GPU of which a part is held counts whole'),
  blastGpus: z.int().min(0).describe('GPUs that change hands by it'),
  gpuSeconds: z.int().min(0).optional().describe('absent when it has no end'),
  spendMicroEur: MicroEur.optional().describe('absent when it has no end or no price'),
  endMs: AtMs.optional(),
});
export type Need = z.infer<typeof Need>;

/** How much say people have in an act: 0 and 1 none, 2 whoever asked confirms, 3 another person, 4 two others. */
export const Tier = z.int().min(0).max(4);
export type Tier = z.infer<typeof Tier>;

/** A person's word on an approval, as it was signed. */
export const Voice = z.strictObject({ principal: PrincipalId, atMs: AtMs, signedAtMs: AtMs });
export type Voice = z.infer<typeof Voice>;

/** Everybody who asked: whoever acted, and the person in whose name. */
export function requestersOf(actor: Actor): readonly PrincipalId[] {
  return actor.onBehalfOf === undefined ? [actor.principal] : [actor.principal, actor.onBehalfOf];
}

export function isAgent(principal: PrincipalId): boolean {
  return principal.startsWith('agent:');
}
