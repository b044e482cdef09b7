import type { TemplateList, TemplateView } from '../../model/template-view.ts';
import { countOf } from './amount.ts';
import { columnsOf, type Line, type Room, span, wrap } from './line.ts';
import { answerEnd } from './snapshot.ts';
import { type Row, table } from './table.ts';

/** Templates, one row each, with what has to be said and what may be. */
export function templatesCard(list: TemplateList, room: Room): Line[] {
  const { templates, total } = list;
  const all = countOf(total, 'template');
  const title = templates.length === total ? all : `${templates.length} of ${all}`;
  const columns = [
    { title: 'template', priority: 1 },
    { title: 'what', priority: 1, narrowTo: 16 },
    { title: 'needs', priority: 1, narrowTo: 8 },
    { title: 'takes', priority: 2, narrowTo: 18 },
  ];
  return [
    ...wrap([span(title, 'strong')], columnsOf(room)),
    ...table(columns, templates.map(templateRow), room),
    ...answerEnd(list, room),
  ];
}

function templateRow({ name, version, title, parameters }: TemplateView): Row {
  const names = (isNeeded: boolean) =>
    parameters.flatMap((one) => (one.needed === isNeeded ? [one.name] : [])).join(', ');
  return [span(`${name}@${version}`, 'accent'), span(title), span(names(true)), span(names(false))];
}
