import type { Member } from '../../model/placement.ts';
import { compareText } from '../../model/text.ts';
import type { EngineOptions, GrantedSubject, Printed } from '../port.ts';
import { reservationName } from './body.ts';
import { foldHostlist } from './hostlist.ts';

/** Scripts that submit jobs into a contract's reservation, one for each part. Spares are held and get no job. */
export function submitScripts(
  subject: GrantedSubject,
  options: EngineOptions,
): { readonly files: readonly Printed[]; readonly notes: readonly string[] } {
  const byPart = Map.groupBy(subject.placement.members, ({ part }) => part);
  const scripts = [...byPart]
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([part, members]) => scriptOf(subject, { part, members, options }));
  const notes = scripts.flatMap((script) => script.notes);
  const together =
    scripts.length > 1
      ? ['each part has a script of its own: start them together, or as one heterogeneous job']
      : [];
  return {
    files: scripts.map(({ file, text }) => ({ file, text })),
    notes: [...new Set([...notes, ...together])],
  };
}

type Part = { readonly part: string; readonly members: readonly Member[]; readonly options: EngineOptions };

function scriptOf(subject: GrantedSubject, { part, members, options }: Part): Printed & { notes: string[] } {
  const { id, demand } = subject;
  const byNode = [...Map.groupBy(members, ({ node }) => node).values()];
  const names = members.flatMap(({ node }) => subject.nodes.get(node)?.hostName ?? []);
  const sliced = members.some(({ slices = [] }) => slices.length > 0);
  const asked = demand.parts.find(({ name }) => name === part);
  const { partition, accounts } = options;
  const lines = [
    `--job-name=berth-${id}-${part}`,
    `--comment=${id}`,
    `--reservation=${reservationName(id)}`,
    ...(partition === undefined ? [] : [`--partition=${partition}`]),
    ...(accounts === undefined ? [] : [`--account=${accounts.split(',')[0] ?? ''}`]),
    `--nodelist=${foldHostlist(names)}`,
    `--nodes=${byNode.length}`,
    ...taskLines(byNode, members),
    ...(isOnOneLeaf(subject, members) ? ['--switches=1'] : []),
    ...(asked?.each.align === undefined ? [] : ['--gres-flags=enforce-binding']),
  ];
  return {
    file: `${id}-${part}.sbatch`,
    text: ['#!/bin/bash', ...lines.map((line) => `#SBATCH ${line}`), 'srun "$@"', ''].join('\n'),
    notes: sliced
      ? [
          `part ${part} holds parts of GPUs: its script asks for none, because how Slurm names them is the site's`,
        ]
      : [],
  };
}

/** Tasks, and what each node or each task gets: by node where all nodes are alike. */
function taskLines(byNode: readonly (readonly Member[])[], members: readonly Member[]): readonly string[] {
  const [first] = members;
  if (first === undefined) return [];
  const perNode = byNode[0]?.length ?? 0;
  const isEven = byNode.every((own) => own.length === perNode);
  const gpus = first.gpus.length;
  const cpus = Math.ceil(first.cpuMilli / 1000);
  const memoryMib = Math.max(...byNode.map((own) => own.reduce((sum, one) => sum + one.memoryMib, 0)));
  const gpuLines = isEven ? [`--gpus-per-node=${gpus * perNode}`] : [`--gpus-per-task=${gpus}`];
  return [
    `--ntasks=${members.length}`,
    ...(isEven ? [`--ntasks-per-node=${perNode}`] : []),
    ...(gpus === 0 ? [] : gpuLines),
    ...(cpus === 0 ? [] : [`--cpus-per-task=${cpus}`]),
    ...(memoryMib === 0 ? [] : [`--mem=${memoryMib}M`]),
  ];
}

function isOnOneLeaf(subject: GrantedSubject, members: readonly Member[]): boolean {
  const leafs = new Set(members.map(({ node }) => subject.nodes.get(node)?.leaf));
  return leafs.size === 1 && !leafs.has(undefined);
}
