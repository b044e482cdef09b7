import type { Health } from '../../model/fact.ts';

/** What an XID says of the GPU that reported it. */
export type XidVerdict = {
  readonly code: number;
  /** `healthy`: the fault is the program's or none; the GPU serves the next one. */
  readonly health: Health;
  /** What NVIDIA's catalogue tells the operator to do at once. */
  readonly action: string;
};

/**
 * XIDs by the immediate action of NVIDIA's Xid catalogue for Ampere and newer (docs.nvidia.com/deploy/xid-errors,
 * "Analyzing Xid Errors with the Xid Catalog", as of 29 Oct 2025). A GPU that has to be reset, or whose machine has to be
 * restarted, is down until that is done. Where the catalogue sends the operator through a workflow for memory or NVLink
 * (48, 74, 144 to 150), the GPU is degraded. Errors of programs leave it healthy. Codes that the catalogue calls unused, that
 * only refer to others (45, 154), or that came later without an action (162 to 172) are not listed: unknown.
 */
const table: readonly {
  readonly action: string;
  readonly health: Health;
  readonly codes: readonly number[];
}[] = [
  { action: 'restart the machine', health: 'down', codes: [79] },
  { action: 'restart the virtual machine', health: 'down', codes: [151] },
  { action: 'check the power cable', health: 'down', codes: [54] },
  {
    action: 'reset the GPU',
    health: 'down',
    codes: [46, 62, 64, 95, 109, 110, 119, 120, 136, 140, 143, 155, 156, 158],
  },
  { action: 'follow the workflow for memory errors', health: 'degraded', codes: [48] },
  {
    action: 'follow the workflow for NVLink errors',
    health: 'degraded',
    codes: [74, 144, 145, 146, 147, 148, 149, 150],
  },
  {
    action: 'restart the application',
    health: 'healthy',
    codes: [
      8, 11, 13, 25, 31, 32, 39, 40, 41, 60, 68, 69, 70, 71, 72, 75, 76, 77, 80, 82, 83, 84, 85, 86, 88, 89,
      94, 96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 126, 127, 128, 129, 130, 131, 132, 133, 134, 135, 139,
    ],
  },
  {
    action: 'nothing',
    health: 'healthy',
    codes: [37, 38, 43, 44, 63, 66, 67, 92, 93, 106, 107, 121, 137, 141, 152, 153, 157, 160, 161],
  },
];

const verdicts: ReadonlyMap<number, XidVerdict> = new Map(
  table.flatMap(({ action, health, codes }) =>
    codes.map((code): [number, XidVerdict] => [code, { code, action, health }]),
  ),
);

/** The verdict on an XID; nothing for one that the catalogue does not settle. */
export function xidVerdict(code: number): XidVerdict | undefined {
  return verdicts.get(code);
}
