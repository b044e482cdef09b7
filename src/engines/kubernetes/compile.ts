import type { EngineObject } from '../../model/binding.ts';
import { compareText } from '../../model/text.ts';
import type { Compiled, EngineOptions, EngineSubject, GrantedSubject } from '../port.ts';
import { claimOf, claimTemplate, knowsShareMemory } from './claims.ts';
import { computeDomain } from './compute-domain.ts';
import { type Frame, frameOf, type Settings } from './frame.ts';
import { kaiObjects } from './kai.ts';
import { kueueObjects, levelOf } from './kueue.ts';
import { nodeMarks } from './node-mark.ts';
import { type HeldPart, partsOf } from './part.ts';
import { tenancy } from './tenancy.ts';
import { workload } from './workload.ts';
import { yamlOf } from './yaml.ts';

/** What people may say about a cluster, and what it means. */
export const kubernetesOptions = {
  gpus: 'how pods ask for GPUs: `dra` (claims that name devices; without it) or `device-plugin` (counts)',
  queue: 'what admits them: `kueue` (without it) or `kai`',
  image:
    'the image of the job template; without it a pause container, which holds the place and does nothing',
} as const satisfies EngineOptions;

const pauseImage = 'registry.k8s.io/pause:3.10';
const objectCap = 1000;

/** A contract as objects of Kubernetes, in the order in which they can be created. Nothing but its facts decides. */
export function compileContract(subject: EngineSubject, options: EngineOptions): Compiled {
  if (subject.kind === 'maintenance')
    return {
      kind: 'unfit',
      why: 'maintenance windows are not handed over to Kubernetes',
      fix: `run \`kubectl cordon\` on its nodes when it begins`,
    };
  const settings = settingsOf(options);
  if (settings === undefined)
    return {
      kind: 'unfit',
      why: 'an option has a value it cannot have',
      fix: Object.values(kubernetesOptions).join('; '),
    };
  const read = partsOf(subject);
  if (read.kind === 'unfit') return read;
  const misfit = misfitOf(subject, read.parts, settings);
  if (misfit !== undefined) return misfit;
  const frame = frameOf(subject, read.parts, settings);
  const isStarted = options['image'] !== undefined;
  const job = workload(frame, isStarted);
  const objects = inOrder([...objectsOf(frame), ...(isStarted ? [job] : [])]);
  if (objects.length > objectCap)
    return {
      kind: 'unfit',
      why: `it takes ${objects.length} objects, more than ${objectCap}`,
      fix: 'hand over site by site',
    };
  const files = isStarted ? [] : [{ file: `${frame.name}-job.yaml`, text: yamlOf([job]) }];
  return { kind: 'compiled', objects, notes: notesOf(frame), files };
}

function objectsOf(frame: Frame): readonly EngineObject[] {
  return [
    ...tenancy(frame),
    ...nodeMarks(frame),
    ...(frame.settings.gpus === 'dra' ? frame.parts.flatMap((part) => claimObjects(frame, part)) : []),
    ...(frame.settings.queue === 'kueue' ? kueueObjects(frame) : kaiObjects(frame)),
  ];
}

function claimObjects(frame: Frame, part: HeldPart): readonly EngineObject[] {
  const claim = claimOf(frame.subject, part);
  return [...(claim === undefined ? [] : [claimTemplate(frame, part, claim)]), ...computeDomain(frame, part)];
}

/** Those that others name come first; equal kinds by key. */
export function inOrder(objects: readonly EngineObject[]): readonly EngineObject[] {
  return objects.toSorted((a, b) => compareText(a.key, b.key));
}

function settingsOf(options: EngineOptions): Settings | undefined {
  const { gpus = 'dra', queue = 'kueue', image = pauseImage } = options;
  if (image === '') return undefined;
  if (gpus !== 'dra' && gpus !== 'device-plugin') return undefined;
  if (queue !== 'kueue' && queue !== 'kai') return undefined;
  return { gpus, queue, image };
}

function misfitOf(
  subject: GrantedSubject,
  parts: readonly HeldPart[],
  settings: Settings,
): Compiled | undefined {
  if (parts.length === 0)
    return {
      kind: 'unfit',
      why: 'it has no seats on these nodes',
      fix: 'name the places where its seats are',
    };
  const shares = parts.find(({ members }) =>
    members.some((member) => member.slices?.some(({ kind }) => kind === 'share')),
  );
  if (shares !== undefined && settings.gpus === 'device-plugin')
    return {
      kind: 'unfit',
      why: `part \`${shares.name}\` has shares of GPUs, which a device plugin cannot count`,
      fix: 'hand it over with `gpus=dra`',
    };
  const sizeless = parts.find((part) => !knowsShareMemory(subject, part));
  if (sizeless === undefined) return undefined;
  return {
    kind: 'unfit',
    why: `part \`${sizeless.name}\` has shares of GPUs whose memory nobody has recorded`,
    fix: 'import the memory of its GPUs',
  };
}

/** What of the contract these objects do not hold, in plain words. */
function notesOf(frame: Frame): readonly string[] {
  const { subject, parts, settings } = frame;
  const isKueue = settings.queue === 'kueue';
  const said = [
    ...(isKueue
      ? []
      : ['KAI knows no time: apply the job when the contract begins and delete it when it ends']),
    ...(settings.gpus === 'dra' ? parts.flatMap((part) => claimOf(subject, part)?.notes ?? []) : []),
    ...(settings.gpus === 'dra'
      ? []
      : parts
          .filter(({ gpuCount }) => gpuCount > 0)
          .map(({ name }) => `part \`${name}\` gets a number of GPUs, not the cards of the contract`)),
    ...parts.flatMap((part) => countNote(frame, part)),
    ...(subject.upcoming.length > 0 ? ['changes that take over later are handed over when they do'] : []),
    ...(parts.some(({ spares }) => spares.length > 0)
      ? ['spares are marked and kept free by Berth alone']
      : []),
    ...((subject.placement.bandwidth ?? []).length > 0 ? ['bandwidth is held by Berth alone'] : []),
    ...(subject.demand.isolation === 'rack' || subject.demand.isolation === 'site'
      ? ['nodes of the same rack or site that the contract does not hold get no taint']
      : []),
  ];
  return [...new Set(said)].slice(0, 32).map((note) => note.slice(0, 300));
}

/** Pods of a part are equal, so the scheduler may put more of them on a node than the contract has seats there. */
function countNote(frame: Frame, held: HeldPart): readonly string[] {
  const { name, nodes, members } = held;
  const isOneEach = nodes.length === members.length;
  const isFree = nodes.length > 1 && (!isOneEach || levelOf(frame, held) !== undefined);
  return isFree
    ? [`how many replicas of part \`${name}\` stand on each of its nodes is left to the scheduler`]
    : [];
}
