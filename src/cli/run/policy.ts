import { z } from 'zod';

import { policyCheck } from '../../../tools/policy-check.ts';
import { exitCodeOf } from '../../chat/exit-code.ts';
import { explainRule, listPacks } from '../../control/policing.ts';
import { canonicalJson } from '../../model/canonical.ts';
import { ContractId, OverrideId } from '../../model/id.ts';
import { overrideBody, OverrideWish } from '../../model/override.ts';
import type { PolicyCheck, RuleView } from '../../model/policy-view.ts';
import type { PolicyRecord } from '../../model/record-view.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { parsed } from '../parsed.ts';
import { withSession } from '../session.ts';
import { useTool } from '../use-tool.ts';
import type { Common } from '../words.ts';
import { dayIn, keyOf, readSigned, show } from './facts.ts';

export type CheckOptions = Common & {
  readonly of?: string;
  readonly project?: string;
  readonly site?: string[];
  readonly class?: string[];
  readonly regime?: string[];
  readonly isolation?: string;
  readonly from?: string;
  readonly until?: string;
  readonly setAside?: string[];
};

export type OverrideOptions = Common & {
  readonly of: string;
  readonly reason: string;
  readonly expires: string;
  readonly site?: string;
  readonly body?: boolean;
  readonly second?: string;
  readonly key?: string;
};

const client = 'berth-cli';

export async function listPolicies(
  io: Io,
  { pack, ...options }: Common & { pack?: string },
): Promise<number> {
  return withSession(io, { ...options, client }, async ({ clock }) => {
    const list = listPacks(clock.nowMs());
    const packs = list.packs.filter(({ name }) => pack === undefined || name.split('/')[0] === pack);
    const lines = packs.flatMap(({ name, status, sources, reviewed, rules }) => [
      `${name}: ${status} (reviewed ${reviewed}; sources: ${sources})`,
      ...rules.map(ruleLine),
    ]);
    print(io, options.json, { kind: 'text', lines: [...lines, list.note] }, { ...list, packs });
    return 0;
  });
}

export async function checkPolicies(
  io: Io,
  contract: string | undefined,
  options: CheckOptions,
): Promise<number> {
  const {
    of: tenant,
    project,
    site: sites,
    class: classes,
    regime: regimes,
    isolation,
    from,
    until,
    setAside,
  } = options;
  return withSession(io, { ...options, client }, async (session) => {
    const args = { tenant, contract, project, sites, classes, regimes, isolation, from, until, setAside };
    const check = await useTool(io, session, policyCheck, args);
    print(io, options.json, { kind: 'policy', check }, check);
    return codeOf(check);
  });
}

export async function explainPolicy(io: Io, id: string, options: Common): Promise<number> {
  return withSession(io, { ...options, client }, async ({ clock }) => {
    const rule = explainRule(id, clock.nowMs());
    const from = rule.validFrom === undefined ? '' : `from ${rule.validFrom}`;
    const until = rule.validUntil === undefined ? '' : ` until ${rule.validUntil}`;
    const lines = [
      `${rule.id} (${rule.pack}, ${rule.rule}): ${rule.article}`,
      `${rule.effect}: ${rule.why}`,
      `to change it: ${rule.fix}`,
      `reads: ${rule.needs.join(', ') || 'nothing recorded'}`,
      `in force ${from}${until}; reviewed ${rule.reviewed}; override: ${rule.override}`,
      ...rule.text.split('\n'),
    ];
    print(io, options.json, { kind: 'text', lines }, rule);
    return 0;
  });
}

export async function exportRecord(
  io: Io,
  { kind, contract, ...options }: Common & { kind: string; contract?: string[] },
): Promise<number> {
  const Asked = z.strictObject({
    kind: z.enum(['dora', 'art30', 'flop', 'nis2']),
    contracts: z.array(ContractId).exactOptional(),
  });
  const asked = parsed(Asked, { kind, contracts: contract });
  return withSession(io, { ...options, client }, async ({ control, caller }) => {
    const record = await control.policyRecord(caller, asked);
    print(io, options.json, { kind: 'text', lines: recordLines(record) }, record);
    return 0;
  });
}

export async function override(io: Io, rule: string, options: OverrideOptions): Promise<number> {
  const second = options.second === undefined ? undefined : await readSigned(io, options.second);
  return withSession(io, { ...options, client }, async (session) => {
    const wish = parsed(OverrideWish, {
      rule,
      tenant: options.of,
      site: options.site,
      reason: options.reason,
      expiresAtMs: dayIn(options.expires, '--expires'),
      requestedBy: session.caller.principal,
    });
    if (options.body === true || second === undefined) {
      io.stdout.write(`${canonicalJson(overrideBody(wish))}\n`);
      return options.body === true ? 0 : exitCodeOf({ outcome: 'planned' });
    }
    const idemKey = await keyOf(session, options.key, 'override');
    return show(
      io,
      options.json,
      await session.control.overrideRule(session.caller, { wish, second, idemKey }),
    );
  });
}

export async function lift(
  io: Io,
  typed: string,
  options: Common & { readonly reason: string; readonly key?: string },
): Promise<number> {
  return withSession(io, { ...options, client }, async (session) => {
    const { id } = parsed(z.strictObject({ id: OverrideId }), { id: typed });
    const idemKey = await keyOf(session, options.key, 'lift');
    const asked = { id, reason: options.reason, idemKey };
    return show(io, options.json, await session.control.liftOverride(session.caller, asked));
  });
}

function codeOf({ sites, denial }: PolicyCheck): number {
  if (denial !== undefined) return exitCodeOf({ outcome: 'denied' });
  if (sites.some(({ answer }) => answer === 'allowed')) return 0;
  return exitCodeOf({
    outcome: sites.some(({ answer }) => answer === 'fact-missing') ? 'infeasible' : 'denied',
  });
}

function ruleLine({ id, rule, article, effect, inForce, validFrom }: RuleView): string {
  const when = inForce ? '' : `, not in force (from ${validFrom ?? 'never'})`;
  return `  ${id} (${rule}; ${article}) ${effect}${when}`;
}

function recordLines(record: PolicyRecord): string[] {
  const rows = record.rows.flatMap((row) =>
    Object.entries(row).map(
      ([name, value]: [string, unknown], at) => `${at === 0 ? '- ' : '  '}${name}: ${textOf(value)}`,
    ),
  );
  return [...(rows.length === 0 ? ['no rows'] : rows), record.note];
}

function textOf(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') || 'none' : String(value);
}
