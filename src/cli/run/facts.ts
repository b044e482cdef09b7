import { z } from 'zod';

import { canonicalJson, digestOfBytes } from '../../model/canonical.ts';
import { dayNamed, dayOf } from '../../model/day.ts';
import { BerthError } from '../../model/error.ts';
import {
  factBody,
  factForms,
  FactSubject,
  type FactValue,
  formOf,
  GovernanceFact,
  Signed,
  wordsForType,
} from '../../model/governance-fact.ts';
import type { FactView, GovernanceResult, OverrideView } from '../../model/governance-view.ts';
import { Digest, IdemKey } from '../../model/id.ts';
import { cleanText, didYouMean } from '../../model/text.ts';
import { dayMs } from '../../model/unit.ts';
import { refusalCode } from '../answer-code.ts';
import { readEvidence, readYaml } from '../files.ts';
import type { Io } from '../io.ts';
import { newKey } from '../new-key.ts';
import { print } from '../output.ts';
import { parsed } from '../parsed.ts';
import { type Session, withSession } from '../session.ts';
import type { Common } from '../words.ts';

export type FactOptions = Common & {
  readonly evidence: string;
  readonly expires: string;
  readonly by?: string;
  readonly asserted?: string;
  readonly body?: boolean;
  readonly signed?: string;
  readonly key?: string;
};

const client = 'berth-cli';

export async function listFacts(io: Io, about: string | undefined, options: Common): Promise<number> {
  return withSession(io, { ...options, client }, async ({ control, caller }) => {
    const list = await control.facts(caller, about === undefined ? {} : { about });
    const lines = [...list.facts.map(factLine), ...list.overrides.map(overrideLine)];
    print(io, options.json, { kind: 'text', lines: lines.length === 0 ? ['no facts'] : lines }, list);
    return 0;
  });
}

type Typed = { readonly subject: string; readonly attribute: string; readonly value: readonly string[] };

/** Records what was typed, or with `--body` prints what its signer signs. */
export async function recordFact(io: Io, typed: Typed, options: FactOptions): Promise<number> {
  const signed = options.signed === undefined ? undefined : await readSigned(io, options.signed);
  return withSession(io, { ...options, client }, async (session) => {
    const fact = readFact(session, typed, options);
    if (options.body === true) {
      io.stdout.write(`${canonicalJson(factBody(fact))}\n`);
      return 0;
    }
    const facts = [signed === undefined ? fact : { ...fact, signed }];
    const idemKey = await keyOf(session, options.key, 'fact');
    return show(io, options.json, await session.control.recordFacts(session.caller, { facts, idemKey }));
  });
}

export async function retractFact(
  io: Io,
  typed: { readonly subject: string; readonly attribute: string },
  options: Common & { readonly reason: string; readonly key?: string },
): Promise<number> {
  return withSession(io, { ...options, client }, async (session) => {
    const Asked = z.strictObject({
      subject: FactSubject,
      attribute: z.string().max(41),
      reason: z.string().min(1).max(300),
    });
    const asked = parsed(Asked, { ...typed, reason: options.reason });
    const idemKey = await keyOf(session, options.key, 'retract');
    return show(io, options.json, await session.control.retractFact(session.caller, { ...asked, idemKey }));
  });
}

export function listKinds(io: Io, about: string | undefined, { json }: Common): number {
  const kinds = Object.entries(factForms).filter(
    ([, form]) => about === undefined || form.about.some((kind) => kind === about),
  );
  const lines = kinds.map(
    ([name, { about: subjects, type, what, legal }]) =>
      `${name} (${subjects.join(', ')}): ${wordsForType[type]}; ${what}${legal === true ? '; signed by a person' : ''}`,
  );
  print(io, json, { kind: 'text', lines }, Object.fromEntries(kinds));
  return 0;
}

/** Prints what became of a record. */
export function show(io: Io, json: boolean | undefined, result: GovernanceResult): number {
  const { refusal, entry, id, replayed } = result;
  if (refusal !== undefined) {
    print(io, json, { kind: 'refusal', refusal }, result);
    return refusalCode(refusal);
  }
  const again = replayed ? ' (answered before, nothing was done again)' : '';
  const lines = [`recorded${id === undefined ? '' : ` as ${id}`} in ledger entry ${entry?.seq ?? 0}${again}`];
  print(io, json, { kind: 'text', lines }, result);
  return 0;
}

export async function readSigned(io: Io, file: string): Promise<Signed> {
  const json = await readYaml(io, file);
  const result = Signed.safeParse(json);
  if (result.success) return result.data;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${file}\` is no signature`,
    fix: 'write {"by": "person:…", "key": "ed25519:…", "signature": "…"}, such as `berth keys sign` prints for what `--body` printed',
  });
}

export async function keyOf(session: Session, key: string | undefined, act: string): Promise<IdemKey> {
  return key === undefined ? newKey(session, act) : parsed(z.strictObject({ key: IdemKey }), { key }).key;
}

/** Midnight UTC of a day. Throws INVALID_INPUT. */
export function dayIn(text: string, field: string): number {
  const day = dayNamed(text);
  if (day !== undefined) return day * dayMs;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${cleanText(text, 40)}\` is not a day`,
    fix: 'write it as 2026-12-31',
    field,
  });
}

function readFact({ caller, clock }: Session, typed: Typed, options: FactOptions): GovernanceFact {
  const { evidence, expires, by, asserted } = options;
  const today = dayOf(clock.nowMs()) * dayMs;
  return parsed(GovernanceFact, {
    subject: typed.subject,
    attribute: typed.attribute,
    value: readValue(typed.attribute, typed.value),
    assertedBy: by ?? caller.principal,
    ...evidenceOf(evidence),
    assertedAtMs: asserted === undefined ? today : dayIn(asserted, '--asserted'),
    expiresAtMs: dayIn(expires, '--expires'),
  });
}

function evidenceOf(evidence: string): { evidence: string; evidenceName?: string } {
  if (Digest.safeParse(evidence).success) return { evidence };
  const { file, bytes } = readEvidence(evidence);
  return { evidence: digestOfBytes(bytes), evidenceName: cleanText(file, 160) };
}

function readValue(attribute: string, typed: readonly string[]): FactValue {
  const form = formOf(attribute);
  const [first = ''] = typed;
  if (form === undefined) throw noFact(attribute);
  if (form.type === 'words' || form.type === 'countries')
    return typed.flatMap((text) => text.split(',')).filter((text) => text !== '');
  if (typed.length > 1) throw wrongValue(attribute, form.type);
  if (form.type === 'yes-no' && (first === 'true' || first === 'false')) return first === 'true';
  if (form.type === 'number' && /^-?[0-9]{1,15}$/.test(first)) return Number(first);
  if (!isPlain(form.type)) throw wrongValue(attribute, form.type);
  return first;
}

/** Whether it is recorded as it is typed. */
function isPlain(type: keyof typeof wordsForType): boolean {
  return type === 'text' || type === 'day' || type === 'instant' || type === 'country';
}

function noFact(attribute: string): BerthError {
  const meant = didYouMean(attribute.slice(0, 80), Object.keys(factForms));
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `there is no fact \`${cleanText(attribute, 80)}\``,
    fix: meant === undefined ? 'see `berth facts kinds`' : `did you mean \`${meant}\`?`,
  });
}

function wrongValue(attribute: string, type: keyof typeof wordsForType): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${attribute}\` is ${wordsForType[type]}`,
    fix: 'see `berth facts kinds`',
  });
}

function factLine(fact: FactView): string {
  const { subject, attribute, value, assertedBy, signedBy, evidenceName, evidence, expiresOn, state } = fact;
  const shown = Array.isArray(value) ? value.join(', ') : String(value);
  const signature = signedBy === undefined ? '' : `, signed by ${signedBy}`;
  const end = state === 'expired' ? `expired ${expiresOn}` : `until ${expiresOn}`;
  return `${subject} ${attribute}: ${shown} (${assertedBy}${signature}, ${evidenceName ?? ''} ${evidence.slice(0, 15)}…, ${end})`;
}

function overrideLine({
  id,
  rule,
  tenant,
  site,
  reason,
  requestedBy,
  secondedBy,
  expiresOn,
  state,
}: OverrideView): string {
  const where = site === undefined ? '' : ` at ${site}`;
  return `${id} ${state}: ${rule} does not bind ${tenant}${where} until ${expiresOn} (${requestedBy} and ${secondedBy}: ${reason})`;
}
