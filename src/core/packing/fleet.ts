import type { Nodes } from './nodes.ts';
import type { Shapes } from './shape.ts';
import type { Target } from './target.ts';

/** What is placed, on what, and what is expected to come. */
export type Fleet = { readonly nodes: Nodes; readonly shapes: Shapes; readonly target: Target };
