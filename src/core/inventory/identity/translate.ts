import type { Fact, SourceName } from '../../../model/fact.ts';
import { Path } from '../../../model/id.ts';
import type { Claims } from '../claims.ts';
import { type Numbering, numberDevices } from './devices.ts';
import { knownDevices, saidByOthers } from './known-devices.ts';
import { regroup, regrouped, type Regrouping } from './locality.ts';
import { deviceNumber, type Machine } from './machines.ts';
import { type Places, standingAt } from './rack.ts';

/** What an observed machine is called in the inventory. */
export type Translation = {
  readonly known: Machine;
  readonly gpus: Numbering;
  readonly nics: Numbering;
  readonly groups: Regrouping;
};

/** Something about a machine that is left out, and why. */
export type Open = { readonly fact: Fact; readonly attribute: string; readonly why: string };

export function translationTo(
  known: Machine,
  observed: Machine,
  { claims, source }: { readonly claims: Claims; readonly source: SourceName },
): Translation {
  const devices = knownDevices(known, claims);
  const gpus = numberDevices(devices.gpus, observed.gpus, source);
  const nics = numberDevices(devices.nics, observed.nics, source);
  const groups = regroup(saidByOthers(devices, source), observed, { gpus, nics });
  return { known, gpus, nics, groups };
}

/** The path that a node or device of the observed machine has in the inventory; nothing where it cannot be told. */
export function translatedPath(
  subject: Path,
  { known: { path }, gpus, nics }: Translation,
): Path | undefined {
  const device = /\/(gpu|nic)\d{1,2}$/u.exec(subject)?.[1];
  const number = deviceNumber(subject);
  if (device === undefined || number === undefined) return path;
  const next = (device === 'gpu' ? gpus : nics).numbers.get(number);
  return next === undefined ? undefined : Path.parse(`${path}/${device}${next}`);
}

/** The machine's facts in the words of the inventory, and what of them is left out. */
export function translated(
  observed: Machine,
  translation: Translation,
  around: { readonly places: Places; readonly source: SourceName },
): { readonly facts: readonly Fact[]; readonly open: readonly Open[] } {
  const facts: Fact[] = [];
  const open: Open[] = [];
  for (const { fact } of observed.facts) {
    const subject = translatedPath(fact.subject, translation);
    if (subject === undefined) {
      const { open: why = '' } = fact.kind === 'gpu' ? translation.gpus : translation.nics;
      const attribute = fact.subject.split('/').at(-1) ?? '';
      if (!open.some((left) => left.attribute === attribute)) open.push({ fact, attribute, why });
    } else if (fact.kind === 'node') {
      const standing = standingAt(fact.set, { stated: fact.subject, known: translation.known }, around);
      facts.push({ ...fact, subject, set: standing.set });
      if (standing.open !== undefined) open.push({ fact, attribute: 'rack', why: standing.open });
    } else if (fact.kind === 'gpu')
      facts.push({ ...fact, subject, set: regrouped(fact.set, translation.groups) });
    else if (fact.kind === 'nic')
      facts.push({ ...fact, subject, set: regrouped(fact.set, translation.groups) });
  }
  return { facts, open };
}
