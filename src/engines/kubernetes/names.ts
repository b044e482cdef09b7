import { digestOf } from '../../model/canonical.ts';
import type { Path } from '../../model/id.ts';

/** Prefix of every label, annotation, taint and gate. `.internal` is reserved for private use, so it is nobody's domain. */
export const domain = 'berth.internal';

/** Who answers the admission checks and takes the gates away: a domain-prefixed path of at most 63 characters. */
export const controllerName = `${domain}/contracts`;

export const contractLabel = `${domain}/contract`;
export const tenantLabel = `${domain}/tenant`;
export const partLabel = `${domain}/part`;
export const startsAnnotation = `${domain}/starts`;
export const endsAnnotation = `${domain}/ends`;

/** Set by Kubernetes on every namespace. */
export const namespaceLabel = 'kubernetes.io/metadata.name';
export const hostLabel = 'kubernetes.io/hostname';

/** `berth-c-106`: the namespace of a contract and the first words of its other names. */
export function baseName(id: string): string {
  return `berth-${id.toLowerCase()}`;
}

/** Whether a node is held for a contract: a label of its own, because a node may be held for several. */
export function heldLabel(id: string): string {
  return `${id.toLowerCase()}.${domain}/held`;
}

/** When a contract's hold on a node begins: an annotation of its own for the same reason. */
export function nodeStarts(id: string): string {
  return `${id.toLowerCase()}.${domain}/starts`;
}

/** Whether a label or annotation of a node speaks of this contract. */
export function isOf(id: string, key: string): boolean {
  return key.startsWith(`${id.toLowerCase()}.${domain}/`);
}

/** The nodes of one part. Kueue tells flavors apart by the keys that a pod selects. */
export function partKey(id: string, part: string): string {
  return `${id.toLowerCase()}.${domain}/${dnsLabel(part, 41)}`;
}

/** As it is where it can be a DNS label, otherwise shortened, with a digest so that two names stay two. */
export function dnsLabel(text: string, cap = 63): string {
  if (text.length <= cap && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/u.test(text)) return text;
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .replaceAll(/^-|-$/gu, '');
  return `${plain.slice(0, cap - 9)}-${shortDigest(text)}`.replaceAll(/^-+/gu, '').replaceAll(/-{2,}/gu, '-');
}

/** A path as the value of a label: `fra1.h1.r11`; with a digest where a dot in it, or its length, could mislead. */
export function placeValue(place: Path): string {
  const plain = place.replaceAll('/', '.');
  if (plain.length <= 63 && !place.includes('.') && /[a-z0-9]$/u.test(plain)) return plain;
  return `${plain.slice(0, 54)}-${shortDigest(place)}`;
}

/** A slug as the value of a label. */
export function labelValue(text: string): string {
  return text.length <= 63 && /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/u.test(text)
    ? text
    : `${text.slice(0, 54)}-${shortDigest(text)}`;
}

function shortDigest(text: string): string {
  return digestOf(text).slice('sha256:'.length, 'sha256:'.length + 8);
}
