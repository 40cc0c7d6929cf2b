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
  if (line.until !== null && Date.parse(line.until) < serverNow) return "late";
  const from = Math.max(Date.parse(line.due_at), line.next_at === null ? 0 : Date.parse(line.next_at));
  return from > serverNow ? "later" : "due";
}

/** The promised time in words: `from 14:30`, `14:30 to 16:00`. */
export function promisedTime(line: CallbackLine, now: number): string {
  const from = moment(line.due_at, now);
  return line.until === null ? `from ${from}` : `${from} to ${moment(line.until, now)}`;
}

const RESULTS: Partial<Record<string, string>> = {
  busy: "busy",
  "no-answer": "no answer",
  unreachable: "number cannot be reached",
  "caller-hung-up": "hung up before an agent came",
  withdrawn: "attempt withdrawn",
  "pbx-lost": "attempt lost with the telephone system",
  "ended-unseen": "attempt lost while the server was away",
  "too-late": "not called in time",
  reached: "reached",
  "got-through": "got through otherwise",
};

/** What was tried and what came of it: `tried 2 times · last: busy`; empty when nobody has tried. */
export function attemptsText(line: CallbackLine): string {
  const tried = line.attempts === 0 ? "" : `tried ${line.attempts} ${line.attempts === 1 ? "time" : "times"}`;
  const last = line.result === "" ? "" : `last: ${RESULTS[line.result] ?? line.result}`;
  return [tried, last].filter((part) => part !== "").join(" · ");
}

/** When the centre tries again by itself: `next attempt 14:45`; empty when that is not put off. */
export function nextAttempt(line: CallbackLine, now: number): string {
  if (line.state !== "open" || line.next_at === null || Date.parse(line.next_at) <= now) return "";
  return `next attempt ${moment(line.next_at, now)}`;
}

/** How many wait in all queues: when it changes, the list is read again. */
export function waitingCallbacks(queues: readonly { callbacks: number }[]): number {
  return queues.reduce((sum, queue) => sum + queue.callbacks, 0);
}
