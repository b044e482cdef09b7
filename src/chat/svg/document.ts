import type { Picture, PictureList, Seat } from '../../model/picture-view.ts';
import { legend } from '../pictures/marks.ts';
import { seatsOf, titleOf, whenOf } from '../pictures/pictures.ts';
import { sentencesOf } from '../pictures/spoken.ts';
import { type Element, element, writeElement } from './element.ts';
import { fabricBlock } from './fabric.ts';
import { islandBlock } from './island.ts';
import { nodeBlock } from './node.ts';
import { type Block, group, paragraph, rect, text, textWidth } from './parts.ts';
import { rackBlock } from './rack.ts';
import { style } from './style.ts';

const margin = 24;

/**
 * The pictures one below the other as one SVG 1.1 file, without scripts, links or fonts of its own. Each has a title
 * and a description in sentences, so that it can be heard as well as seen.
 */
export function svgOf(list: PictureList): string {
  const blocks = list.pictures.map((picture, at) => pictureBlock(picture, whenOf(list), `picture-${at + 1}`));
  const width = Math.max(320, ...blocks.map((block) => block.width)) + 2 * margin;
  const elements: Element[] = [];
  let y = margin;
  for (const block of blocks) {
    elements.push(group(margin, y, block.elements));
    y += block.height + margin;
  }
  const root = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width: Math.ceil(width),
      height: Math.ceil(y),
      viewBox: `0 0 ${Math.ceil(width)} ${Math.ceil(y)}`,
    },
    element('title', {}, `Berth: ${list.pictures.map(titleOf).join(', ')}`),
    element('style', {}, style),
    rect(0, 0, Math.ceil(width), Math.ceil(y), 'ground'),
    ...elements,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${writeElement(root)}\n`;
}

function pictureBlock(picture: Picture, when: string, id: string): Block {
  const body = bodyOf(picture);
  const notes = notesOf(picture, seatsOf(picture));
  const title = titleOf(picture);
  const labels = { role: 'img', 'aria-labelledby': `${id}-title ${id}-desc` };
  const noteTop = 58 + body.height + 20;
  return {
    width: Math.max(body.width, textWidth(title) * 1.4, ...notes.map(textWidth)),
    height: noteTop + notes.length * 18,
    elements: [
      element(
        'g',
        labels,
        element('title', { id: `${id}-title` }, title),
        element('desc', { id: `${id}-desc` }, sentencesOf(picture).join(' ')),
        text(0, 18, title, 'ink title'),
        text(0, 38, when, 'dim'),
        group(0, 58, body.elements),
        ...paragraph(0, noteTop + 10, notes, 'ink'),
      ),
    ],
  };
}

function bodyOf(picture: Picture): Block {
  switch (picture.kind) {
    case 'rack':
      return rackBlock(picture);
    case 'node':
      return nodeBlock(picture);
    case 'fabric':
      return fabricBlock(picture);
    case 'island':
      return islandBlock(picture);
    default:
      return picture satisfies never;
  }
}

/** What the marks mean, and what is not recorded. */
function notesOf({ holders, unknown }: Picture, seats: readonly Seat[]): readonly string[] {
  const marks = legend(holders, seats).map((line) => line.map(({ text: words }) => words).join(''));
  return [...marks, ...unknown.map((what) => `not recorded: ${what}`)];
}
