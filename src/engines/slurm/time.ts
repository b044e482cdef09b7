/**
 * An instant as `scontrol` reads and writes it where `TZ=UTC` and `SLURM_TIME_FORMAT=standard`. Slurm knows whole
 * seconds; what is finer is cut off, at both ends of a window alike, so that windows that touch still do.
 */
export function slurmTime(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 19);
}

/** The instant behind what `scontrol` wrote; nothing for anything else. */
export function slurmTimeMs(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/u.test(text)) return undefined;
  const atMs = Date.parse(`${text}Z`);
  return Number.isNaN(atMs) ? undefined : atMs;
}
