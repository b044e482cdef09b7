import { z } from 'zod';

/** What a reservation is to be. Times as `scontrol` writes them in UTC. */
export const Reservation = z.strictObject({
  name: z.string().max(100),
  nodes: z.array(z.string().max(200)).min(1).max(100_000).describe('as Slurm knows them, in order'),
  start: z.string(),
  end: z.string().optional().describe('absent when it is open-ended'),
  users: z.array(z.string().max(100)).max(64),
  accounts: z.array(z.string().max(100)).max(64),
  flags: z.array(z.string().max(40)).max(16),
  partition: z.string().max(100).optional(),
  coresPerNode: z
    .int()
    .min(1)
    .optional()
    .describe('without it the whole nodes, unless `gpus` says otherwise'),
  gpusPerNode: z.int().min(1).optional().describe('as TRES beside the cores: Slurm with slurmdbd'),
  isPerNode: z
    .boolean()
    .optional()
    .describe('said as TRESPerNode, from Slurm 23.11.6 on; cores as a list without it'),
  gpus: z.int().min(1).optional().describe('in all: only in what was handed over by `slurm/1`'),
});
export type Reservation = z.infer<typeof Reservation>;

/** A reservation as it was read back. */
export const FoundReservation = z.strictObject({
  ...Reservation.omit({ coresPerNode: true, gpusPerNode: true, isPerNode: true, gpus: true }).shape,
  nodes: z.array(z.string()),
  coreCount: z.int().min(0).optional(),
  isWhole: z.boolean().optional().describe('whether it holds every core of its nodes; absent when not known'),
  tres: z.string().optional(),
  unusable: z
    .array(z.string())
    .describe('nodes of it that run no jobs, and why: `n03 is IDLE+DRAIN, bad disk`'),
  contested: z
    .array(z.string())
    .default([])
    .describe('reservations of others that hold the same cores at some time'),
});
export type FoundReservation = z.infer<typeof FoundReservation>;

/** A node that is to be drained while a window runs. */
export const DrainedNode = z.strictObject({
  node: z.string().max(200),
  reason: z.string().max(200),
  start: z.string(),
  end: z.string(),
});
export type DrainedNode = z.infer<typeof DrainedNode>;

export const FoundNode = z.strictObject({
  node: z.string(),
  state: z.string(),
  reason: z.string().describe('empty where none is given'),
});
export type FoundNode = z.infer<typeof FoundNode>;

export const reservationKey = (name: string) => `reservation/${name}`;
export const nodeKey = (node: string) => `node/${node}`;

/** The name that carries the subject's id: reservations of Slurm 22.05 have no other place for it. */
export const reservationName = (subject: string, step = 0) =>
  `berth_${subject}${step === 0 ? '' : `_next${step === 1 ? '' : step}`}`;

/** Whether a reservation of this name belongs to the subject. */
export function isNamedFor(subject: string, name: string): boolean {
  const rest = name.startsWith(`berth_${subject}`) ? name.slice(`berth_${subject}`.length) : undefined;
  return rest !== undefined && /^(?:_next\d{0,2})?$/u.test(rest);
}

/** How the reason of a drained node begins, by which it is known again. */
export const reasonMark = (subject: string) => `berth ${subject}: `;
