/** What an agent sees of follow-up tasks, and the time she types in her own zone. */

import type { TaskLine } from "../protocol";
import { moment } from "./durations";

export type TaskDueness = "later" | "due" | "overdue";

const DAY_MS = 86_400_000;

/** `due`: within the day to come; `overdue`: its time is over. */
export function taskDueness(task: TaskLine, serverNow: number): TaskDueness {
  const due = Date.parse(task.due_at);
  if (due < serverNow) return "overdue";
  return due < serverNow + DAY_MS ? "due" : "later";
}

/** Whose it is: `you`, an agent's name, or a queue's. */
export function ownerText(task: TaskLine, me: string): string {
  if (task.queue !== null) return `queue ${task.queue_name}`;
  return task.agent === me ? "you" : task.agent_name;
}

export function dueText(task: TaskLine, now: number): string {
  return moment(task.due_at, now);
}

/** A moment as a field of type `datetime-local` holds it: the person's own clock, `2026-11-27T14:30`. */
export function localMoment(date: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The moment that was typed there, as ISO; null when it is none. */
export function momentOf(local: string): string | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(local)) return null;
  const date = new Date(local);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** What a new task suggests: tomorrow at the same time, to the quarter of an hour. */
export function suggestedDue(now: Date): string {
  const quarter = 15 * 60_000;
  const rounded = new Date(Math.ceil(now.getTime() / quarter) * quarter);
  rounded.setDate(rounded.getDate() + 1);
  return localMoment(rounded);
}

/** Owners as one choice: `agent:ben`, `queue:gas`. */
export function ownerOf(choice: string): { agent: string } | { queue: string } {
  const at = choice.indexOf(":");
  const id = choice.slice(at + 1);
  return choice.startsWith("queue:") ? { queue: id } : { agent: id };
}

export function choiceOf(task: TaskLine): string {
  return task.queue !== null ? `queue:${task.queue}` : `agent:${task.agent}`;
}
