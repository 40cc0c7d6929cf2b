/** How waiting calls and calls in progress share the height beside the agents. Pure. */

/** `few` wait: the calls in progress have the greater part. `many`: they keep a few lines, who waits has the rest. */
export type Waiting = "few" | "many";

/** So many may wait before they need more than their part, and so few before they give it back. */
const MANY = 5;
const FEW = 3;

/** What follows `before` with so many waiting. In between it stays: nothing moves under the pointer with each caller. */
export function roomFor(waiting: number, before: Waiting): Waiting {
  if (waiting >= MANY) return "many";
  if (waiting <= FEW) return "few";
  return before;
}
