import type { Template } from '../../model/template.ts';

/** Recorded templates by name, each with all its versions, oldest first. */
export type Templates = ReadonlyMap<string, readonly Template[]>;

export const noTemplates: Templates = new Map();

export function withTemplate(templates: Templates, template: Template): Templates {
  return new Map(templates).set(template.name, [...(templates.get(template.name) ?? []), template]);
}
