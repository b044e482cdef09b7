import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

import type { RunProgram } from '../../src/engines/slurm/ask.ts';

/** Where somebody has such a Slurm: `BERTH_RECORD_SLURM=yes` asks the `scontrol` on the PATH and writes the file anew. */
const isAsked = process.env['BERTH_RECORD_SLURM'] === 'yes';

type Recording = { readonly run: RunProgram; readonly end: () => readonly string[] };

/**
 * What a real `scontrol` answered, call by call: a line `$ scontrol …`, what it printed, and `[exit N]`. A call that is not
 * the next one of the recording fails the test. `end` tells what was never asked.
 */
export function recording(file: string): Recording {
  if (isAsked) return asked(file);
  const calls = readFileSync(file, 'utf8').split(/^(?=\$ )/mu);
  const run: RunProgram = (program, args) => {
    const line = `$ ${[program, ...args].join(' ')}`;
    const [first = '', ...rest] = (calls.shift() ?? '').split('\n');
    if (first !== line) throw new Error(`asked ${line}, recorded ${first}`);
    const exit = Number(/^\[exit (\d+)\]$/mu.exec(rest.join('\n'))?.[1]);
    const said = rest.filter((one) => !/^\[exit \d+\]$/u.test(one)).join('\n');
    return Promise.resolve({ kind: 'ended', exit, stdout: said, stderr: '' });
  };
  return { run, end: () => calls };
}

function asked(file: string): Recording {
  let text = '';
  const run: RunProgram = (program, args, env) => {
    const { status, stdout, stderr } = spawnSync(program, args, { env: { ...process.env, ...env } });
    text += `$ ${[program, ...args].join(' ')}\n${stderr.toString()}${stdout.toString()}[exit ${status}]\n`;
    return Promise.resolve({
      kind: 'ended',
      exit: status,
      stdout: stdout.toString(),
      stderr: stderr.toString(),
    });
  };
  return {
    run,
    end: () => {
      writeFileSync(file, text);
      return [];
    },
  };
}
