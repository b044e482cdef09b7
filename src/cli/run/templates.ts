import { stringify } from 'yaml';

import { templateSearch } from '../../../tools/template-search.ts';
import { templateFrom } from '../../control/template-file.ts';
import type { ParameterView, TemplateView } from '../../model/template-view.ts';
import { refusalCode } from '../answer-code.ts';
import { readWritten } from '../files.ts';
import type { Io } from '../io.ts';
import { located } from '../located.ts';
import { print } from '../output.ts';
import { withSession } from '../session.ts';
import { useTool } from '../use-tool.ts';
import type { Common } from '../words.ts';

export type TemplatesOptions = Common & {
  readonly text?: string;
  readonly limit?: number;
  readonly cursor?: string;
};

const client = 'berth-cli';

export async function listTemplates(
  io: Io,
  { text, limit, cursor, ...options }: TemplatesOptions,
): Promise<number> {
  return withSession(io, { ...options, client }, async (session) => {
    const list = await useTool(io, session, templateSearch, { text, limit, cursor });
    print(io, options.json, { kind: 'templates', list }, list);
    return 0;
  });
}

/** What a template takes, and itself as the file that it is. */
export async function showTemplate(io: Io, name: string, options: Common): Promise<number> {
  return withSession(io, { ...options, client }, async (session) => {
    const list = await useTool(io, session, templateSearch, { name });
    const [template] = list.templates;
    if (template === undefined) throw new Error(`\`${name}\` was found and is not there`);
    io.stdout.write(options.json === true ? `${JSON.stringify(template)}\n` : fileOf(template));
    return 0;
  });
}

/** Whether a file is a template that could be recorded. Opens no ledger. */
export async function checkTemplate(io: Io, file: string, { json }: Common): Promise<number> {
  const { name, version, parameters } = await readFile(io, file);
  const count = Object.keys(parameters).length;
  const line = `${name}@${version} is a good template with ${count} parameters`;
  print(io, json, { kind: 'text', lines: [line] }, { ok: true, name, version, parameterCount: count });
  return 0;
}

export async function addTemplate(io: Io, file: string, options: Common): Promise<number> {
  const template = await readFile(io, file);
  return withSession(io, { ...options, client }, async ({ control, caller }) => {
    const result = await control.addTemplate(caller, { template });
    const { refusal, id, entry, replayed } = result;
    if (refusal !== undefined) {
      print(io, options.json, { kind: 'refusal', refusal }, result);
      return refusalCode(refusal);
    }
    const again = replayed ? ' (it was already)' : '';
    const lines = [`template ${id ?? ''} recorded${again}, ledger entry ${entry?.seq ?? 0}`];
    print(io, options.json, { kind: 'text', lines }, result);
    return 0;
  });
}

async function readFile(io: Io, file: string) {
  const written = await readWritten(io, file);
  try {
    return templateFrom(written.value, file);
  } catch (error) {
    throw located(error, written, file, '');
  }
}

/** The template in the form in which it is written. */
function fileOf({ name, version, title, purpose, parameters, demand }: TemplateView): string {
  const taken = Object.fromEntries(parameters.map((one) => [one.name, writtenOf(one)]));
  const file = { schema: 'berth/template/1', name, version, title, purpose, parameters: taken, demand };
  return stringify(file, { lineWidth: 110 });
}

function writtenOf({ name: _name, needed, ...parameter }: ParameterView): object {
  const isOptional = !needed && parameter.default === undefined;
  const usual = parameter.type === 'instant' && !isOptional && !needed ? { default: 'now' } : {};
  return { ...parameter, ...usual, ...(isOptional ? { optional: true } : {}) };
}
