import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { readTemplate } from '../control/template-file.ts';
import type { Template } from '../model/template.ts';

const names = ['fine-tune', 'train-gang', 'feed-and-train', 'serve', 'edge-serve', 'notebook', 'batch'];

let read: readonly Template[] | undefined;

/** The templates that come with Berth, as they stand in `src/templates/`. Read once. */
export function builtInTemplates(): readonly Template[] {
  read ??= names.map((name) => {
    const file = fileURLToPath(import.meta.resolve(`#templates/${name}.yaml`));
    return readTemplate(readFileSync(file, 'utf8'), `${name}.yaml`);
  });
  return read;
}
