import type { EngineObject } from '../../model/binding.ts';
import type { Printed } from '../port.ts';
import { DrainedNode, Reservation } from './body.ts';
import { foldHostlist } from './hostlist.ts';

/** What `scontrol` is told to make a reservation, word for word. No shell reads it. */
export function createArgs(wanted: Reservation, start: string): readonly string[] {
  const { name, nodes, end, users, accounts, flags, partition } = wanted;
  return [
    'create',
    'reservation',
    `ReservationName=${name}`,
    `StartTime=${start}`,
    end === undefined ? 'Duration=UNLIMITED' : `EndTime=${end}`,
    ...(users.length === 0 ? [] : [`Users=${users.join(',')}`]),
    ...(accounts.length === 0 ? [] : [`Accounts=${accounts.join(',')}`]),
    `Nodes=${foldHostlist(nodes)}`,
    ...(partition === undefined ? [] : [`PartitionName=${partition}`]),
    ...partWords(wanted),
    ...(flags.length === 0 ? [] : [`Flags=${flags.join(',')}`]),
  ];
}

/**
 * Parts of nodes. Measured with Slurm 24.11: it refuses a list of cores and spreads a single number unevenly; by GPUs alone it
 * takes no more than one socket has, and makes two reservations of the same ones.
 */
function partWords({ nodes, coresPerNode, gpusPerNode, isPerNode, gpus }: Reservation): readonly string[] {
  if (gpus !== undefined) return [`TRES=gres/gpu=${gpus}`];
  if (coresPerNode === undefined) return [];
  if (isPerNode !== true) return [`CoreCnt=${nodes.map(() => coresPerNode).join(',')}`];
  const gpuWord = gpusPerNode === undefined ? '' : `gres/gpu=${gpusPerNode},`;
  return [`TRESPerNode=${gpuWord}cpu=${coresPerNode}`];
}

export function drainArgs({ node, reason }: DrainedNode): readonly string[] {
  return ['update', `NodeName=${node}`, 'State=DRAIN', `Reason=${reason}`];
}

/** One script that makes all of it, with the times in UTC. */
export function printSlurm(objects: readonly EngineObject[]): readonly Printed[] {
  if (objects.length === 0) return [];
  const lines = objects.map((object) => lineOf(argsOf(object)));
  const head = [
    '#!/bin/sh',
    '# Times are UTC. Slurm refuses a start that has passed: write StartTime=now then.',
    'export TZ=UTC',
  ];
  return [{ file: 'reservation.sh', text: [...head, ...lines, ''].join('\n') }];
}

function argsOf({ body }: EngineObject): readonly string[] {
  const reservation = Reservation.safeParse(body);
  if (reservation.success) return createArgs(reservation.data, reservation.data.start);
  return drainArgs(DrainedNode.parse(body));
}

function lineOf(args: readonly string[]): string {
  const quoted = args.map((word) =>
    /^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`,
  );
  return ['scontrol', ...quoted].join(' ');
}
