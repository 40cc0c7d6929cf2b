/** What an agent sees of the call-backs of her queues, and in which order. */

import type { CallbackLine } from "../protocol";
import { moment } from "./durations";

/** Her own first, for she has promised them herself; then by the time they are due. Those of others are theirs. */
export function shownCallbacks(lines: readonly CallbackLine[], me: string): CallbackLine[] {
  const mine = lines.filter((line) => line.state === "taken" && line.agent === me);
  const open = lines.filter((line) => line.state === "open");
  return [...byDue(mine), ...byDue(open)];
}

function byDue(lines: CallbackLine[]): CallbackLine[] {
  return [...lines].sort(
    (one, other) => Date.parse(one.due_at) - Date.parse(other.due_at) || one.id.localeCompare(other.id),
  );
}

/** `later`: not before its time; `due`: now; `late`: the promised time is over. */
export type Dueness = "later" | "due" | "late";

export function dueness(line: CallbackLine, serverNow: number): Dueness {
  if (Date.parse(line.due_at) > serverNow) return "later";
  return line.until !== null && Date.parse(line.until) < serverNow ? "late" : "due";
}

/** The promised time in words: `from 14:30`, `14:30 to 16:00`. */
export function promisedTime(line: CallbackLine, now: number): string {
  const from = moment(line.due_at, now);
  return line.until === null ? `from ${from}` : `${from} to ${moment(line.until, now)}`;
}

/** How many wait in all queues: when it changes, the list is read again. */
export function waitingCallbacks(queues: readonly { callbacks: number }[]): number {
  return queues.reduce((sum, queue) => sum + queue.callbacks, 0);
}
