import { z } from 'zod';

import type { EngineObject } from '../../model/binding.ts';
import type { ContractId } from '../../model/id.ts';
import { cleanText } from '../../model/text.ts';
import { baseName, domain } from '../kubernetes/names.ts';
import { AnyObject, type Json, type JsonObject, keyOf, objectOf } from '../kubernetes/object.ts';

/** The one AccessManagement that k0rdent reads. It makes it itself, and everybody's rules stand in it. */
export const accessName = 'kcm';

const text = z.string().default('').catch('');
const rules = z.array(z.json()).default([]).catch([]);

/** AccessManagement of kcm, as far as a rule is concerned. Source: api/v1beta1 of kcm. */
const Access = z.looseObject({
  metadata: z.looseObject({
    resourceVersion: text,
    generation: z.int().optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.looseObject({ accessRules: rules.optional() }).optional(),
  status: z
    .looseObject({
      current: rules,
      error: text,
      observedGeneration: z.int().optional(),
      resources: z
        .array(z.looseObject({ kind: text, error: text }))
        .default([])
        .catch([]),
    })
    .optional(),
});
export type Access = z.infer<typeof Access>;

export function accessIn(value: unknown): Access | undefined {
  return Access.safeParse(value).data;
}

const Rule = z.looseObject({ credentials: z.array(z.string()).default([]) });

/** What k0rdent made of the rules, and which of them speak of the credential. */
const State = z.strictObject({
  isOld: z.boolean(),
  applied: z.array(z.string()).describe('namespaces that k0rdent gives it to by a rule about nothing else'),
  errors: z.array(z.string()),
  strangers: z
    .array(z.strictObject({ text: z.string(), namespace: z.string().optional() }))
    .describe('rules about the credential that Berth has not written, and whom a plain one is for'),
});

/**
 * One rule of the list, as an object of its own: the credential of the contract for one namespace. The key carries the
 * contract, because the object itself is shared by all.
 */
export function ruleObject(id: ContractId, namespace: string): EngineObject {
  return asObject(baseName(id), [ruleFor(baseName(id), namespace)], {});
}

function asObject(credential: string, accessRules: Json[], rest: JsonObject): EngineObject {
  const { body } = objectOf('AccessManagement', { name: accessName, labels: {} }, {});
  const metadata = { name: accessName };
  const key = `${keyOf('AccessManagement', metadata)}/${credential}`;
  return { key, body: { ...body, metadata, spec: { accessRules }, ...rest } };
}

export function ruleFor(credential: string, namespace: string): JsonObject {
  return { targetNamespaces: { list: [namespace] }, credentials: [credential] };
}

/** Says in the shared object which namespace the rule that Berth wrote for a credential is for: what else names it is somebody else's. */
export function ownMark(credential: string): string {
  return `${credential}.${domain}/access`;
}

export type Sighted = {
  /** Where Berth's own rule stands in the list, unchanged. */
  readonly own: number | undefined;
  /** The namespace that Berth has written it for. */
  readonly mark: string | undefined;
  readonly strangers: readonly { readonly at: number; readonly rule: Json }[];
};

/** What of the list speaks of a credential, and what of that is Berth's own. */
export function sighted({ metadata, spec }: Access, credential: string): Sighted {
  const mark = metadata.annotations?.[ownMark(credential)];
  const naming = (spec?.accessRules ?? []).flatMap((rule, at) => {
    const names = Rule.safeParse(rule).data?.credentials.includes(credential) === true;
    return names ? [{ at, rule }] : [];
  });
  const own = naming.find(({ rule }) => mark !== undefined && plainFor(rule, credential) === mark);
  return { own: own?.at, mark, strangers: naming.filter((one) => one !== own) };
}

const Plain = z.strictObject({
  credentials: z.tuple([z.string()]),
  targetNamespaces: z.strictObject({ list: z.tuple([z.string()]) }),
});

/** The namespace of a rule that gives it this credential and says no more; lists that are empty say nothing. */
export function plainFor(rule: Json, credential: string): string | undefined {
  const fields = z.record(z.string(), z.json()).safeParse(rule).data ?? {};
  const said = Object.entries(fields).filter(([, value]) => !(Array.isArray(value) && value.length === 0));
  const plain = Plain.safeParse(Object.fromEntries(said)).data;
  return plain?.credentials[0] === credential ? plain.targetNamespaces.list[0] : undefined;
}

/** What is read back for a contract: all rules about its credential; nothing where there is none. */
export function foundRules(access: Access, credential: string): readonly EngineObject[] {
  const { own, mark, strangers } = sighted(access, credential);
  if (own === undefined && mark === undefined && strangers.length === 0) return [];
  const listed = access.spec?.accessRules ?? [];
  const { generation = 0 } = access.metadata;
  const { current = [], error = '', observedGeneration, resources = [] } = access.status ?? {};
  const said = [error, ...resources.map((one) => one.error && `${one.kind}: ${one.error}`)];
  const state: z.infer<typeof State> = {
    isOld: (observedGeneration ?? 0) < generation,
    applied: current.flatMap((one) => plainFor(one, credential) ?? []),
    errors: said.filter((word) => word !== '').map((word) => cleanText(word, 200)),
    strangers: strangers.map(({ at, rule }) => strangerOf(at, rule, credential)),
  };
  const naming = [...(own === undefined ? [] : [own]), ...strangers.map(({ at }) => at)];
  const accessRules = naming.toSorted((a, b) => a - b).flatMap((at) => listed[at] ?? []);
  return [asObject(credential, accessRules, { state: z.json().parse(state) })];
}

function strangerOf(at: number, rule: Json, credential: string): z.infer<typeof State>['strangers'][number] {
  const namespace = plainFor(rule, credential);
  const said = `spec.accessRules[${at}] is not Berth's and names it too: ${JSON.stringify(rule)}`;
  return { text: cleanText(said, 200), ...(namespace === undefined ? {} : { namespace }) };
}

/** What keeps the credential from those who are to have it, or gives it to others, a line each. */
export function accessShortfalls(wanted: EngineObject, found: EngineObject): readonly string[] {
  const state = State.safeParse(found.body['state']).data;
  if (state === undefined) return ['its state was not read'];
  const { namespace: own } = grantOf(wanted);
  const { isOld, applied, errors } = state;
  // The same rule by another hand does what is wanted, as two appliers of one value do.
  const strangers = state.strangers.flatMap(({ text: said, namespace }) => (namespace === own ? [] : [said]));
  if (isOld) return [...strangers, 'k0rdent has not looked at it since it was changed'];
  const isOpen = errors.length === 0 && !applied.includes(own);
  return [...strangers, ...errors, ...(isOpen ? ['k0rdent does not carry the rule out yet'] : [])];
}

const Granted = z.looseObject({ accessRules: z.tuple([Plain]) });

/** Who is to have which credential. */
export function grantOf({ body }: EngineObject): { readonly credential: string; readonly namespace: string } {
  const [{ credentials, targetNamespaces }] = Granted.parse(body['spec']).accessRules;
  return { credential: credentials[0], namespace: targetNamespaces.list[0] };
}

export function isAccess({ body }: EngineObject): boolean {
  return AnyObject.parse(body).kind === 'AccessManagement';
}
