import type { NodeFacts } from '../../../model/fact.ts';

/** An identifier with its kind before it, spelled one way: `serial:1660323000123`, `name:n01.example.com`. */
export type Identifier = `${IdentifierKind}:${string}`;
export type IdentifierKind = 'uuid' | 'serial' | 'gpu' | 'name';

/**
 * What makers leave in firmware where a number belongs. They would make one machine of thousands.
 *
 * Source: SMBIOS 3.7 (DSP0134) 7.2.1 for the UUIDs that mean "not there"; the words are defaults of board makers.
 */
const placeholders = new Set([
  '0',
  'na',
  'none',
  'null',
  'empty',
  'unknown',
  'default',
  'defaultstring',
  'notspecified',
  'notavailable',
  'notapplicable',
  'systemserialnumber',
  'chassisserialnumber',
  'tobefilledbyoem',
  '0123456789',
  '1234567890',
  '123456789',
  '03000200040005000006000700080009',
]);

/** The UUID of a system. Some tools print its first three groups in the other byte order: both give the same here. */
function uuidIdentifier(text: string): Identifier | undefined {
  const hex = text.toLowerCase().replaceAll(/[^0-9a-f]/gu, '');
  if (hex.length !== 32 || isPlaceholder(hex)) return undefined;
  const swapped = `${swap(hex.slice(0, 8))}${swap(hex.slice(8, 12))}${swap(hex.slice(12, 16))}${hex.slice(16)}`;
  return isPlaceholder(swapped) ? undefined : `uuid:${hex < swapped ? hex : swapped}`;
}

export function serialIdentifier(text: string): Identifier | undefined {
  const serial = text.trim().toUpperCase();
  return isPlaceholder(serial.toLowerCase()) ? undefined : `serial:${serial}`;
}

/** `GPU-5f3a…` as drivers print it, and the same without the word, as service processors do. */
export function gpuIdentifier(text: string): Identifier | undefined {
  const uuid = text.trim().toLowerCase().replace(/^gpu-/u, '');
  return isPlaceholder(uuid) ? undefined : `gpu:${uuid}`;
}

/** A host name. `localhost` is everybody's. */
export function nameIdentifier(text: string): Identifier | undefined {
  const name = text.trim().toLowerCase().replace(/\.$/u, '');
  return name === '' || /^localhost(?:\.|$)/u.test(name) ? undefined : `name:${name}`;
}

/** An alias as people write it: a host name, or a number with its kind before it (`serial:1660…`, `uuid:4c4c…`). */
export function aliasIdentifier(text: string): Identifier | undefined {
  const [, kind, value = ''] = /^(serial|uuid|gpu):(.*)$/iu.exec(text.trim()) ?? [];
  if (kind === undefined) return nameIdentifier(text);
  const read = { serial: serialIdentifier, uuid: uuidIdentifier, gpu: gpuIdentifier };
  return Object.entries(read).find(([name]) => name === kind.toLowerCase())?.[1](value);
}

/** What a node's facts say about which machine it is, aliases left out. */
export function identifiersOf(set: NodeFacts): readonly Identifier[] {
  const { hostName, serial, systemUuid } = set;
  return [
    hostName === undefined ? undefined : nameIdentifier(hostName),
    serial === undefined ? undefined : serialIdentifier(serial),
    systemUuid === undefined ? undefined : uuidIdentifier(systemUuid),
  ].filter((found) => found !== undefined);
}

/** The first word of a fully qualified name. An address has none: its dots separate numbers. */
export function shortName(name: string): string {
  return /^\d{1,3}(?:\.\d{1,3}){3}$/u.test(name) ? name : (name.split('.', 1)[0] ?? name);
}

export function kindOf(identifier: Identifier): IdentifierKind {
  const kinds = ['uuid', 'serial', 'gpu', 'name'] as const;
  return kinds.find((kind) => identifier.startsWith(`${kind}:`)) ?? 'name';
}

export function valueOf(identifier: Identifier): string {
  return identifier.slice(identifier.indexOf(':') + 1);
}

export const identifierWords = {
  uuid: 'system UUID',
  serial: 'serial number',
  gpu: 'UUID of its GPUs',
  name: 'host name',
} as const;

/** An identifier in words: `serial number 1660323000123`. */
export function worded(identifier: Identifier): string {
  const kind = kindOf(identifier);
  return `${kind === 'gpu' ? 'GPU UUID' : identifierWords[kind]} ${valueOf(identifier)}`;
}

function isPlaceholder(lower: string): boolean {
  const bare = lower.replaceAll(/[^0-9a-z]/gu, '');
  return bare === '' || /^(?:0+|f+|x+)$/u.test(bare) || placeholders.has(bare);
}

/** `4c4c4544` byte by byte from the other end: `44454c4c`. */
function swap(hex: string): string {
  return (hex.match(/../gu) ?? []).toReversed().join('');
}
