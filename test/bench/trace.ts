import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll } from 'vitest';

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export const nodeHeader = 'sn,cpu_milli,memory_mib,gpu,model';
export const podHeader =
  'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time';

/** Rows in the trace's own format, made up: 4 nodes with 12 GPUs, one without, and 7 requests. */
const files: Readonly<Record<string, string>> = {
  'openb_node_list_all_node.csv': [
    nodeHeader,
    'n-4,32000,131072,4,T4',
    'n-1,16000,65536,2,T4',
    'n-0,64000,262144,0,',
    'n-3,32000,131072,4,A10',
    'n-2,16000,65536,2,A10',
  ].join('\n'),
  'openb_pod_list_default.csv': [
    podHeader,
    'p-0,4000,8192,1,1000,,LS,Running,0,1,0',
    'p-1,2000,4096,1,500,,LS,Running,0,1,0',
    'p-2,2000,4096,0,0,,BE,Running,0,1,0',
    'p-3,8000,8192,2,1000,,LS,Running,0,1,0',
    'p-4,2000,4096,1,330,T4,LS,Running,0,1,0',
    'p-5,4000,8192,1,1000,A10|T4,LS,Running,0,1,0',
    'p-6,16000,8192,4,1000,,LS,Running,0,1,0',
  ].join('\n'),
};

/** A folder with a small trace; `changed` replaces files, or leaves them out where undefined. */
export function traceFolder(changed: Readonly<Record<string, string | undefined>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-openb-'));
  folders.push(folder);
  for (const [name, text] of Object.entries({ ...files, ...changed }))
    if (text !== undefined) writeFileSync(join(folder, name), text);
  return folder;
}
