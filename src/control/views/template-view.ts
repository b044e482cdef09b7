import { digestOf } from '../../model/canonical.ts';
import type { ParameterView, TemplateView } from '../../model/template-view.ts';
import type { Parameter, Template } from '../../model/template.ts';
import { cleanText } from '../../model/text.ts';

/** One version of a template as people and agents see it. */
export function templateView(
  template: Template,
  { versions, isRecorded }: { readonly versions: readonly number[]; readonly isRecorded: boolean },
): TemplateView {
  const { name, version, title, purpose, parameters, demand } = template;
  return {
    name,
    version,
    versions: [...versions],
    title: cleanText(title),
    purpose: cleanText(purpose, 400),
    origin: isRecorded ? 'recorded' : 'built-in',
    digest: digestOf(template),
    parameters: Object.entries(parameters).map(([key, parameter]) => parameterView(key, parameter)),
    demand,
  };
}

function parameterView(name: string, parameter: Parameter): ParameterView {
  const { type, about, default: usual, ...rest } = parameter;
  const { optional, ...bounds } = 'optional' in rest ? rest : { ...rest, optional: undefined };
  return {
    name,
    type,
    about: cleanText(about),
    needed: usual === undefined && optional !== true,
    ...(usual === undefined ? {} : { default: usual }),
    ...bounds,
  };
}
