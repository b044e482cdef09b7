import { z } from 'zod';

import type { EngineObject } from '../../model/binding.ts';
import { guaranteedCount } from '../../model/demand.ts';
import type { Frame } from './frame.ts';
import { spanOf } from './frame.ts';
import { controllerName } from './names.ts';
import { AnyObject, type JsonObject, objectOf } from './object.ts';
import type { HeldPart } from './part.ts';
import { podTemplate } from './pod.ts';

/** The gate that holds a job until its contract has begun; it can be taken away once, and never be put on later. */
export const gateAnnotation = 'kueue.x-k8s.io/admission-gated-by';

/**
 * `isHandedOver`: Berth holds the job and takes its gate away. A job that people submit has none, because nobody would.
 *
 * Several parts are a JobSet; one part is a Job if it has an end, otherwise a group of a LeaderWorkerSet.
 */
export function workload(frame: Frame, isHandedOver: boolean): EngineObject {
  const made = workloadOf(frame);
  return isHandedOver && frame.settings.queue === 'kueue' ? gated(made) : made;
}

function workloadOf(frame: Frame): EngineObject {
  const [first, ...others] = frame.parts;
  if (first === undefined) throw new Error('a contract without parts reached the compiler');
  if (others.length > 0) return jobSet(frame);
  return frame.subject.placement.endMs === undefined ? leaderWorkerSet(frame, first) : job(frame, first);
}

function job(frame: Frame, part: HeldPart): EngineObject {
  const least = guaranteedCount(part.part);
  const mayShrink = least < part.members.length;
  const annotations: Record<string, string> = mayShrink
    ? { 'kueue.x-k8s.io/job-min-parallelism': String(Math.max(1, least)) }
    : {};
  return queued(frame, 'Job', { spec: jobSpec(frame, part) }, annotations);
}

function jobSet(frame: Frame): EngineObject {
  const replicatedJobs = frame.parts.map((part) => ({
    name: part.name,
    replicas: 1,
    template: { spec: jobSpec(frame, part) },
  }));
  return queued(frame, 'JobSet', { spec: { replicatedJobs } });
}

/** One group whose workers are the replicas: they start together and are started again together. */
function leaderWorkerSet(frame: Frame, part: HeldPart): EngineObject {
  const workerTemplate = podTemplate(frame, part, 'Always');
  const leaderWorkerTemplate = { size: part.members.length, workerTemplate };
  return queued(frame, 'LeaderWorkerSet', { spec: { replicas: 1, leaderWorkerTemplate } });
}

function jobSpec(frame: Frame, part: HeldPart): JsonObject {
  const count = part.members.length;
  return {
    parallelism: count,
    completions: count,
    completionMode: 'Indexed',
    template: podTemplate(frame, part, 'Never'),
  };
}

function queued(
  frame: Frame,
  kind: 'Job' | 'JobSet' | 'LeaderWorkerSet',
  rest: JsonObject,
  more: Readonly<Record<string, string>> = {},
): EngineObject {
  const { name, subject, settings } = frame;
  const isKueue = settings.queue === 'kueue';
  const metadata = {
    name,
    namespace: name,
    labels: { ...frame.labels, ...(isKueue ? { 'kueue.x-k8s.io/queue-name': name } : {}) },
    annotations: { ...spanOf(subject), ...(isKueue ? more : {}) },
  };
  return objectOf(kind, metadata, rest);
}

function gated({ key, body }: EngineObject): EngineObject {
  const { annotations = {} } = AnyObject.parse(body).metadata;
  const metadata = {
    ...Fields.parse(body['metadata']),
    annotations: { ...annotations, [gateAnnotation]: controllerName },
  };
  return { key, body: { ...body, metadata } };
}

const Fields = z.record(z.string(), z.json());
