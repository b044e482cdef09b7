import { statSync } from 'node:fs';
import { join } from 'node:path';

import { cleanText } from '../../model/text.ts';
import type { ConfigFile } from '../config/config-path.ts';
import { settingOf } from '../config/settings.ts';
import { homeOf, readSettings } from '../home.ts';
import type { Io } from '../io.ts';
import { type Check, failed } from './check.ts';

/** The config file, the settings of the home, and what the environment says that nobody understands. */
export function configChecks(io: Io): readonly Check[] {
  const file = io.config?.file ?? { kind: 'none', path: undefined };
  return [fileCheck(file), ...rightsCheck(file), homeCheck(io), ...wordChecks(io)];
}

function fileCheck(file: ConfigFile): Check {
  const row = { area: 'config', check: 'config file', status: 'ok' } as const;
  if (file.kind === 'bad') return failed('config', 'config file', file.error);
  if (file.kind === 'good') {
    const names = Object.keys(file.values);
    return {
      ...row,
      found: `${names.length === 0 ? 'sets nothing' : `sets ${names.join(', ')}`}, ${file.path}`,
    };
  }
  return { ...row, found: file.path === undefined ? 'none: there is no HOME' : `none at ${file.path}` };
}

/** Whoever may write it decides which ledger is opened, which editor is started, and where a key is sent. */
function rightsCheck({ kind, path }: ConfigFile): readonly Check[] {
  const stats = kind === 'none' || path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || (stats.mode & 0o022) === 0) return [];
  return [
    {
      area: 'config',
      check: 'rights',
      status: 'warn',
      found: 'others than its owner may write the config file',
      fix: `chmod go-w ${cleanText(path ?? '', 400)}`,
    },
  ];
}

function homeCheck(io: Io): Check {
  try {
    const names = Object.keys(readSettings(homeOf(io))).filter((name) => name !== 'schema');
    const found = names.length === 0 ? 'sets nothing' : `sets ${names.join(', ')}`;
    const file = join(homeOf(io), 'settings.yaml');
    return { area: 'config', check: 'home', status: 'ok', found: `${found}, ${file}` };
  } catch (error) {
    return failed('config', 'home', error);
  }
}

/** What is misspelt here is otherwise passed over in silence. The theme is looked at with the colours. */
function wordChecks({ env }: Io): readonly Check[] {
  const inFile = settingOf('fallback')?.inFile;
  const said = env['BERTH_FALLBACK'] ?? '';
  if (said === '' || inFile === undefined || typeof inFile === 'string' || inFile.allows(said)) return [];
  return [
    {
      area: 'config',
      check: 'fallback',
      status: 'warn',
      found: `BERTH_FALLBACK is \`${cleanText(said, 40)}\`, which is read as built-in`,
      fix: `set it to ${inFile.takes}`,
    },
  ];
}
