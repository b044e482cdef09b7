import type { EngineObject } from '../../model/binding.ts';
import { cleanText } from '../../model/text.ts';
import type { Kubectl } from '../kubernetes/kubectl.ts';
import { type Json, type JsonObject, resourceOf } from '../kubernetes/object.ts';
import type { Answer, Reading } from '../port.ts';
import {
  type Access,
  accessIn,
  accessName,
  foundRules,
  grantOf,
  ownMark,
  plainFor,
  ruleFor,
  sighted,
  type Sighted,
} from './access.ts';

const resource = resourceOf('AccessManagement');

/** How often a patch is made anew for a list that others have changed since it was read. */
const roundLimit = 3;

type Fault = Exclude<Answer, { kind: 'done' }>;
type Got = { readonly kind: 'got'; readonly access: Access } | { readonly kind: 'none' } | Fault;

/** Rules about the credential, as they stand in the object that everybody shares. */
export async function readRules(kubectl: Kubectl, credential: string): Promise<Reading> {
  const got = await get(kubectl);
  if (got.kind === 'got') return { kind: 'read', objects: foundRules(got.access, credential) };
  if (got.kind === 'none') return { kind: 'read', objects: [] };
  return { kind: got.kind === 'refused' ? 'unreadable' : 'unreachable', why: got.why };
}

async function get(kubectl: Kubectl): Promise<Got> {
  const said = await kubectl(['get', resource, accessName, '--ignore-not-found', '-o', 'json']);
  if (said.kind !== 'done')
    return /the server doesn't have a resource type/u.test(said.why) ? { kind: 'none' } : said;
  if (said.stdout.trim() === '') return { kind: 'none' };
  const access = accessIn(jsonOf(said.stdout));
  return access === undefined
    ? { kind: 'refused', why: `${resource}/${accessName} cannot be read` }
    : { kind: 'got', access };
}

/** Writes the contract's own rule, and nothing where somebody else has one about the same credential. */
export function writeRule(kubectl: Kubectl, wanted: EngineObject, isDry = false): Promise<Answer> {
  const { credential, namespace } = grantOf(wanted);
  return patched(kubectl, isDry, (access) => {
    const seen = sighted(access, credential);
    const rule = ruleFor(credential, namespace);
    if (seen.strangers.length > 0)
      return seen.strangers.every((one) => plainFor(one.rule, credential) === namespace)
        ? []
        : theirs(seen, credential);
    if (seen.own !== undefined && seen.mark === namespace) return [];
    const place = seen.own === undefined ? placed(access, rule) : [replaced(seen.own, rule)];
    return [...place, ...marked(access, credential, namespace)];
  });
}

/** Takes away the rule that Berth wrote and its mark. One that somebody changed since, or wrote, stays and is named. */
export function removeRule(kubectl: Kubectl, found: EngineObject): Promise<Answer> {
  const credential = found.key.split('/').at(-1) ?? '';
  return patched(kubectl, false, (access) => {
    const seen = sighted(access, credential);
    const rule = seen.own === undefined ? [] : [{ op: 'remove', path: `/spec/accessRules/${seen.own}` }];
    const mark = seen.mark === undefined ? [] : [{ op: 'remove', path: markPath(credential) }];
    const patch = [...rule, ...mark];
    return patch.length === 0 && seen.strangers.length > 0 ? theirs(seen, credential) : patch;
  });
}

function theirs({ strangers }: Sighted, credential: string): Fault {
  const places = strangers.map(({ at }) => `spec.accessRules[${at}]`).join(', ');
  return {
    kind: 'refused',
    why: cleanText(
      `somebody else's ${places} of ${accessName} names \`${credential}\`: take it out there, or leave it; Berth changes only its own rule`,
      300,
    ),
  };
}

type Plan = (access: Access) => readonly JsonObject[] | Fault;

/** The list has no keys by which fields could be owned, so a patch holds only for the version that it was made for. */
async function patched(kubectl: Kubectl, isDry: boolean, plan: Plan): Promise<Answer> {
  let before: string | undefined;
  let answer: Answer = { kind: 'done' };
  for (let round = 0; round < roundLimit; round++) {
    const got = await get(kubectl);
    if (got.kind === 'none')
      return { kind: 'refused', why: `there is no AccessManagement \`${accessName}\`, which k0rdent makes` };
    if (got.kind !== 'got') return got;
    const version = got.access.metadata.resourceVersion;
    if (version === before) return answer;
    before = version;
    const steps = plan(got.access);
    if ('why' in steps) return steps;
    if (steps.length === 0) return { kind: 'done' };
    answer = await sent(kubectl, isDry, [
      { op: 'test', path: '/metadata/resourceVersion', value: version },
      ...steps,
    ]);
    if (answer.kind !== 'refused') return answer;
  }
  return answer;
}

async function sent(kubectl: Kubectl, isDry: boolean, patch: readonly JsonObject[]): Promise<Answer> {
  const said = await kubectl([
    'patch',
    resource,
    accessName,
    '--type=json',
    '--field-manager=berth',
    ...(isDry ? ['--dry-run=server'] : []),
    '-p',
    JSON.stringify(patch),
  ]);
  return said.kind === 'done' ? { kind: 'done' } : said;
}

function placed({ spec }: Access, rule: Json): readonly JsonObject[] {
  if (spec === undefined) return [{ op: 'add', path: '/spec', value: { accessRules: [rule] } }];
  if (spec.accessRules === undefined) return [{ op: 'add', path: '/spec/accessRules', value: [rule] }];
  return [{ op: 'add', path: '/spec/accessRules/-', value: rule }];
}

function replaced(at: number, rule: Json): JsonObject {
  return { op: 'replace', path: `/spec/accessRules/${at}`, value: rule };
}

function marked({ metadata }: Access, credential: string, namespace: string): readonly JsonObject[] {
  const base =
    metadata.annotations === undefined ? [{ op: 'add', path: '/metadata/annotations', value: {} }] : [];
  return [...base, { op: 'add', path: markPath(credential), value: namespace }];
}

/** `/` in a key is `~1` in the pointer (RFC 6901). */
function markPath(credential: string): string {
  return `/metadata/annotations/${ownMark(credential).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
