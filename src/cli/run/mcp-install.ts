import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';

import { BerthError } from '../../model/error.ts';
import type { Io } from '../io.ts';
import { type ClientName, clients } from '../mcp-clients.ts';
import { entryText, type Launch, withEntry } from '../mcp-config.ts';

export type InstallOptions = {
  readonly write?: boolean;
  readonly name: string;
  readonly as?: string;
  readonly tenant?: readonly string[];
  readonly toolsets?: readonly string[];
  readonly readOnly?: boolean;
  readonly absolute?: boolean;
  readonly project: string;
};

/** Prints what a client has to be told, or writes it into the client's file with a copy of what was there. */
export function install(io: Io, name: ClientName, options: InstallOptions): number {
  const client = clients[name];
  const launch = launchOf(io, options);
  const file = client.file(surroundings(io, options));
  if (options.write !== true) {
    io.stderr.write(`${client.title}: this belongs into ${file} (\`--write\` puts it there)\n`);
    io.stdout.write(entryText(client, options.name, launch));
    return 0;
  }
  const before = readIfThere(file);
  const after = withEntry({ client, name: options.name, launch }, before ?? '');
  if (after === before) {
    io.stdout.write(`${file} says so already\n`);
    return 0;
  }
  const backup = before === undefined ? undefined : freeName(`${file}.before-berth`);
  if (backup !== undefined) copyFileSync(file, backup);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}.new`, after, { mode: 0o600 });
  renameSync(`${file}.${process.pid}.new`, file);
  io.stdout.write(`wrote ${file}${backup === undefined ? '' : `; what was there is in ${backup}`}\n`);
  return 0;
}

function launchOf({ env }: Io, options: InstallOptions): Launch {
  const { as, tenant = [], toolsets = [], readOnly, absolute } = options;
  const [, cli = 'berth'] = process.argv;
  const { BERTH_HOME: home } = env;
  return {
    command: absolute === true ? process.execPath : 'berth',
    args: [
      ...(absolute === true ? [realpathSync(cli)] : []),
      'mcp',
      ...(as === undefined ? [] : ['--as', as]),
      ...(tenant.length === 0 ? [] : ['--tenant', ...tenant]),
      ...(toolsets.length === 0 ? [] : ['--toolsets', ...toolsets]),
      ...(readOnly === true ? ['--read-only'] : []),
    ],
    env: home === undefined || home === '' ? {} : { BERTH_HOME: home },
  };
}

function surroundings({ env }: Io, { project }: InstallOptions) {
  const { HOME: home, APPDATA: appData } = env;
  return { home: home ?? homedir(), project, platform: process.platform, appData };
}

function readIfThere(file: string): string | undefined {
  try {
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  } catch (cause) {
    const fix = 'see who may read it';
    throw new BerthError({ code: 'INVALID_INPUT', message: `cannot read \`${file}\``, fix }, { cause });
  }
}

/** A name that nothing has yet: an earlier copy is never written over. */
function freeName(wish: string): string {
  let name = wish;
  for (let count = 2; existsSync(name); count++) name = `${wish}-${count}`;
  return name;
}
