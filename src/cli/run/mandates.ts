import { z } from 'zod';

import { instantMs } from '../../control/zone.ts';
import type { MandateView } from '../../model/authority-view.ts';
import { MandateWish } from '../../model/authority.ts';
import { MandateId, type PrincipalId } from '../../model/id.ts';
import { principalOf } from '../caller.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { parsed } from '../parsed.ts';
import { type Session, withSession } from '../session.ts';
import type { Common } from '../words.ts';
import { record, recordIn } from './record.ts';

export type GrantOptions = Common & {
  readonly for: readonly string[];
  readonly until: string;
  readonly tools: readonly string[];
  readonly sites?: readonly string[];
  readonly gpus?: number;
  readonly gpuHours?: number;
  readonly spend?: number;
  readonly blast?: number;
  readonly perMinute?: number;
  readonly partOf?: string;
  readonly sponsor?: string;
};

const Named = z.strictObject({ mandate: MandateId });
const euro = 1_000_000;

export async function listMandates(io: Io, options: Common): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async ({ control, caller }) => {
    const { mandates } = await control.authority(caller);
    const lines = mandates.flatMap(linesOf);
    print(io, options.json, { kind: 'text', lines: lines.length === 0 ? ['no mandates'] : lines }, mandates);
    return 0;
  });
}

function linesOf(view: MandateView): string[] {
  const { mandate, state, expires, gpusHeld, gpuSecondsUsed, spentMicroEur, contracts } = view;
  const { id, agent, sponsor, from, tools, tenants, sites, blastGpus, commandsPerMinute = 60 } = mandate;
  return [
    `${id} ${state}: ${agent}, ${sponsor} answers for it${from === undefined ? '' : `, part of ${from}`}, until ${expires}`,
    `  tools  ${tools.join(', ')}`,
    `  for ${tenants.join(', ')} at ${sites === undefined ? 'every site' : sites.join(', ')}`,
    `  GPUs  ${of(gpusHeld, mandate.gpus)}${contracts.length === 0 ? '' : ` (${contracts.join(', ')})`}${blastGpus === undefined ? '' : `, ${blastGpus} by one act`}`,
    `  GPU-hours  ${of(hours(gpuSecondsUsed), hours(mandate.gpuSeconds))}`,
    `  EUR  ${of(euros(spentMicroEur), euros(mandate.spendMicroEur))}`,
    `  commands a minute  ${commandsPerMinute}`,
  ];
}

function of(used: number | undefined, most: number | undefined): string {
  return most === undefined ? `${used ?? 0}` : `${used ?? 0} of ${most}`;
}

function hours(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.floor(seconds / 3600);
}

function euros(microEur: number | undefined): number | undefined {
  return microEur === undefined ? undefined : Math.floor(microEur / euro);
}

export async function grantMandate(io: Io, typed: string, options: GrantOptions): Promise<number> {
  const agent = principalOf(typed);
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    const sponsor =
      options.sponsor === undefined ? await sponsorOf(session, agent) : principalOf(options.sponsor);
    return recordIn(io, session, options, { kind: 'grant-mandate', wish: wishOf(agent, sponsor, options) });
  });
}

/** Whoever answers for the agent; for one that nobody registered, whoever grants. The core refuses that one. */
async function sponsorOf({ control, caller }: Session, agent: PrincipalId): Promise<PrincipalId> {
  const { principals } = await control.authority(caller);
  const known = principals.find(({ principal }) => principal.id === agent)?.principal;
  return known?.kind === 'agent' ? known.sponsor : caller.principal;
}

function wishOf(agent: PrincipalId, sponsor: PrincipalId, options: GrantOptions): MandateWish {
  const { tools, sites, gpus, gpuHours, spend, blast, perMinute, partOf, until } = options;
  return parsed(MandateWish, {
    agent,
    sponsor,
    from: partOf,
    tools: [...tools],
    tenants: [...options.for],
    sites,
    gpus,
    gpuSeconds: gpuHours === undefined ? undefined : gpuHours * 3600,
    spendMicroEur: spend === undefined ? undefined : spend * euro,
    blastGpus: blast,
    commandsPerMinute: perMinute,
    expiresAtMs: instantMs(until, '--until'),
  });
}

export async function revokeMandate(
  io: Io,
  typed: string,
  options: Common & { readonly reason: string },
): Promise<number> {
  const { mandate } = parsed(Named, { mandate: typed });
  return record(io, options, { kind: 'revoke-mandate', mandate, reason: options.reason });
}
