import type { Command } from 'commander';

import type { Io } from './io.ts';
import type { TemplatesOptions } from './run/templates.ts';
import { type Common, type Done, examples, wholeNumber, withCommon } from './words.ts';

/** Known-good demands with a few parameters. */
export function addTemplates(program: Command, io: Io, done: Done): void {
  const templates = withCommon(program.command('templates').enablePositionalOptions())
    .description('known-good demands with a few parameters: those that come with Berth, and your own')
    .addHelpText('after', `${examples(...typed)}${templateExample}`)
    .action(async (options: TemplatesOptions) =>
      done(await (await import('./run/templates.ts')).listTemplates(io, options)),
    );
  withCommon(templates.command('list'))
    .description('one line each')
    .option('--text <words>', 'only those that mention these words')
    .option('--limit <count>', 'so many', wholeNumber)
    .option('--cursor <cursor>', 'go on where the last answer ended')
    .addHelpText('after', examples('berth templates list --text inference'))
    .action(async (options: TemplatesOptions) =>
      done(await (await import('./run/templates.ts')).listTemplates(io, options)),
    );
  withCommon(templates.command('show <name>'))
    .description('what it takes, and the file it is: `fine-tune`, or a version such as `fine-tune@1`')
    .addHelpText('after', examples('berth templates show fine-tune > ours.yaml'))
    .action(async (name: string, options: Common) =>
      done(await (await import('./run/templates.ts')).showTemplate(io, name, options)),
    );
  withCommon(templates.command('check <file>'))
    .description('whether a file is a template that can be recorded; `-` reads stdin')
    .addHelpText('after', examples('berth templates check ours.yaml'))
    .action(async (file: string, options: Common) =>
      done(await (await import('./run/templates.ts')).checkTemplate(io, file, options)),
    );
  withCommon(templates.command('add <file>'))
    .description('record a template; a version never changes, a newer one has a higher number')
    .addHelpText('after', examples('berth templates add ours.yaml'))
    .action(async (file: string, options: Common) =>
      done(await (await import('./run/templates.ts')).addTemplate(io, file, options)),
    );
}

const typed = [
  'berth templates',
  'berth templates show fine-tune',
  'berth plan --template fine-tune --set tenant=acme --set gpus=16 --set durationS=7d',
  'berth templates check ours.yaml && berth templates add ours.yaml',
] as const;

const templateExample = `
A template; \`{ $param: gpus }\` stands for a value, and values are put in as values, never as text:
  schema: berth/template/1
  name: our-tuning
  version: 1
  title: Tuning as our team does it
  purpose: One model on whole nodes.
  parameters:
    tenant: { type: text, about: who pays, example: acme }
    gpus: { type: whole, about: GPUs in all, min: 8, max: 64, step: 8, default: 8 }
    start: { type: instant, about: when it begins, default: now }
  demand:
    tenant: { $param: tenant }
    parts: [{ name: tune, count: { $param: gpus, dividedBy: 8 }, each: { gpus: { count: 8, link: nvlink } } }]
    window: { earliestStart: { $param: start }, durationS: 86400 }
`;
