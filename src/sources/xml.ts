import parsing, { type SAXParser, type Tag } from 'sax';

import { cleanText } from '../model/text.ts';
import { invalidFile } from './evidence.ts';
import type { Evidence } from './source.ts';

/** An element, its own text, and the line on which it starts. */
export type XmlElement = {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text directly inside, without the text of children, trimmed. */
  readonly text: string;
  readonly line: number;
};

/** The elements that one file may hold, and how deep: a DGX-2 has some 2,000, 40 deep. */
const maxElements = 2_000_000;
const maxDepth = 512;

/**
 * The root of an XML file, whose name must be one of `roots`. Entities that the document defines are not expanded:
 * using one is an error, as is everything else that is not well-formed. Errors name the line.
 */
export function readXml(evidence: Evidence, text: string, roots: readonly string[]): XmlElement {
  const sax = parsing.parser(true, { position: true });
  const tree = new Growth();
  const fail = (why: string) => {
    throw notWellFormed(evidence, sax, why);
  };
  Object.assign(sax, {
    onerror: (error: Error) => fail(error.message.split('\n', 1)[0] ?? ''),
    onopentag: ({ name, attributes }: Tag) => {
      if (tree.root !== undefined) fail('a second root element');
      if (!tree.open(name, new Map(Object.entries(attributes)), sax.line + 1))
        fail('more elements than a machine has');
    },
    ontext: (piece: string) => tree.write(piece),
    oncdata: (piece: string) => tree.write(piece),
    onclosetag: () => tree.close(),
  });
  sax.write(text).close();
  const { root } = tree;
  if (root === undefined) throw notWellFormed(evidence, sax, 'no element');
  if (roots.includes(root.name)) return root;
  throw invalidFile(
    evidence,
    `starts with \`<${cleanText(root.name, 60)}>\`, not with \`<${roots.join('>` or `<')}>\``,
    'choose the source that reads such files: `berth import --help`',
    { line: root.line },
  );
}

/** The children with a name, in their order. */
export function childrenNamed(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

/** The text of the first element at a path of names below, such as `pci/pci_bus_id`. Nothing where there is none. */
export function textAt(element: XmlElement, path: string): string | undefined {
  let at: XmlElement | undefined = element;
  for (const name of path.split('/')) at = at?.children.find((child) => child.name === name);
  return at?.text;
}

type Growing = {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  readonly pieces: string[];
  readonly line: number;
};

class Growth {
  root: XmlElement | undefined;
  readonly #open: Growing[] = [];
  #count = 0;

  /** False when there are too many elements, or too deep ones. */
  open(name: string, attributes: ReadonlyMap<string, string>, line: number): boolean {
    this.#open.push({ name, attributes, children: [], pieces: [], line });
    this.#count += 1;
    return this.#count <= maxElements && this.#open.length <= maxDepth;
  }

  write(piece: string): void {
    this.#open.at(-1)?.pieces.push(piece);
  }

  close(): void {
    const done = this.#open.pop();
    if (done === undefined) return;
    const { pieces, ...rest } = done;
    const element: XmlElement = { ...rest, text: pieces.join('').trim() };
    const parent = this.#open.at(-1);
    if (parent === undefined) this.root ??= element;
    else parent.children.push(element);
  }
}

function notWellFormed(evidence: Evidence, sax: SAXParser, why: string) {
  return invalidFile(
    evidence,
    `is not well-formed XML: ${cleanText(why, 120)}`,
    'check that the file is whole, and how it was made',
    { line: sax.line + 1 },
  );
}
