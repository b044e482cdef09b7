import type { Mask } from '../mask.ts';
import type { ShapeId } from './shape.ts';

/**
 * How good a node is for a request. `score` and `choose` are asked only where the shape fits, and answer from the
 * state of that one node: then a node that did not change keeps its score, within one stage.
 */
export type Policy = {
  /** An integer from 0 to 2^30; more is better. */
  score(node: number, shape: ShapeId): number;
  /**
   * What is added to the score of every node of a model, at this moment: the one term that may know about the rest
   * of the fleet. Any integer; 0 without it.
   */
  bonus?(model: number, shape: ShapeId): number;
  /** Which of two ways of scoring counts at this moment; always the same without it. */
  stage?(): 0 | 1;
  /** The GPUs to take. */
  choose(node: number, shape: ShapeId): Mask;
};
