import type { EngineObject } from '../../model/binding.ts';
import type { GrantedSubject } from '../port.ts';
import {
  baseName,
  contractLabel,
  endsAnnotation,
  labelValue,
  startsAnnotation,
  tenantLabel,
} from './names.ts';
import { type JsonObject, type Kind, objectOf } from './object.ts';
import type { HeldPart } from './part.ts';

/** What people choose about a cluster. */
export type Settings = {
  /** How pods ask for GPUs: claims that name devices, or counts from a device plugin. */
  readonly gpus: 'dra' | 'device-plugin';
  readonly queue: 'kueue' | 'kai';
  readonly image: string;
};

/** What every compiler of a family of objects reads. */
export type Frame = {
  readonly subject: GrantedSubject;
  readonly parts: readonly HeldPart[];
  readonly settings: Settings;
  /** `berth-c-106`: namespace, queues and first words of other names. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
};

export function frameOf(subject: GrantedSubject, parts: readonly HeldPart[], settings: Settings): Frame {
  return {
    subject,
    parts,
    settings,
    name: baseName(subject.id),
    labels: { [contractLabel]: subject.id, [tenantLabel]: labelValue(subject.tenant) },
  };
}

/** An object of the whole cluster, named after the contract. */
export function clusterWide(frame: Frame, kind: Kind, rest: JsonObject, suffix = ''): EngineObject {
  const name = suffix === '' ? frame.name : `${frame.name}-${suffix}`;
  return objectOf(kind, { name, labels: frame.labels, annotations: spanOf(frame.subject) }, rest);
}

/** An object in the contract's namespace; `name` is `berth-c-106` without one of its own. */
export function inNamespace(frame: Frame, kind: Kind, rest: JsonObject, name = frame.name): EngineObject {
  const { labels, subject } = frame;
  return objectOf(kind, { name, namespace: frame.name, labels, annotations: spanOf(subject) }, rest);
}

/** From when to when, for whoever looks at the object. */
export function spanOf({ placement }: GrantedSubject): Record<string, string> {
  const { startMs, endMs } = placement;
  return {
    [startsAnnotation]: instantText(startMs),
    ...(endMs === undefined ? {} : { [endsAnnotation]: instantText(endMs) }),
  };
}

export function startOf({ placement }: GrantedSubject): string {
  return instantText(placement.startMs);
}

function instantText(atMs: number): string {
  return new Date(atMs).toISOString();
}
