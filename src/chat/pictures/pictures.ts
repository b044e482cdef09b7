import type { Picture, PictureList, Seat } from '../../model/picture-view.ts';
import { blank, bullets, columnsOf, type Line, type Room, span, wrap } from '../cards/line.ts';
import { section } from '../cards/section.ts';
import { answerEnd } from '../cards/snapshot.ts';
import { formatInstant } from '../cards/time.ts';
import { fabricLines } from './fabric.ts';
import { islandLines } from './island.ts';
import { legend } from './marks.ts';
import { nodeLines } from './node.ts';
import { rackLines } from './rack.ts';
import { sentencesOf } from './spoken.ts';

/** Pictures one below the other: drawn, or told in sentences where the room is `spoken`. */
export function picturesCard(list: PictureList, room: Room): Line[] {
  return [
    ...list.pictures.flatMap((picture) => [
      ...wrap([span(`${titleOf(picture)} ${whenOf(list)}`, 'strong')], columnsOf(room)),
      ...(room.spoken === true ? told(picture, room) : drawn(picture, room)),
      blank,
    ]),
    ...answerEnd(list, room),
  ];
}

/** `Rack fra1/h1/r11`. */
export function titleOf({ kind, id }: Picture): string {
  const what = { rack: 'Rack', node: 'Node', fabric: 'Fabric of', island: 'Link domain' };
  return `${what[kind]} ${id}`;
}

/** When the picture shows things as they are. */
export function whenOf({ from, to }: Pick<PictureList, 'from' | 'to'>): string {
  return from === to ? `at ${formatInstant(from)}` : `from ${formatInstant(from)} to ${formatInstant(to)}`;
}

function told(picture: Picture, room: Room): Line[] {
  return bullets(
    sentencesOf(picture).map((sentence): Line => [span(sentence)]),
    room,
  );
}

function drawn(picture: Picture, room: Room): Line[] {
  return [
    ...linesOf(picture, room),
    ...section(
      'Marks',
      legend(picture.holders, seatsOf(picture)).flatMap((line) =>
        wrap([{ text: '  ' }, ...line], columnsOf(room), 4),
      ),
      room,
    ),
    ...section(
      'Not recorded',
      bullets(
        picture.unknown.map((what): Line => [span(what, 'warn')]),
        room,
      ),
      room,
    ),
  ];
}

function linesOf(picture: Picture, room: Room): Line[] {
  switch (picture.kind) {
    case 'rack':
      return rackLines(picture, room);
    case 'node':
      return nodeLines(picture, room);
    case 'fabric':
      return fabricLines(picture, room);
    case 'island':
      return islandLines(picture, room);
    default:
      return picture satisfies never;
  }
}

/** Every GPU that a picture shows. */
export function seatsOf(picture: Picture): readonly Seat[] {
  switch (picture.kind) {
    case 'rack':
    case 'island':
      return picture.nodes.flatMap(({ seats }) => seats);
    case 'node':
      return picture.gpuList;
    case 'fabric':
      return [
        ...picture.spines.flatMap(({ leafs }) => leafs).flatMap(({ nodes }) => nodes),
        ...picture.leafs.flatMap(({ nodes }) => nodes),
        ...picture.unattached,
      ].flatMap(({ seats }) => seats);
    default:
      return picture satisfies never;
  }
}
