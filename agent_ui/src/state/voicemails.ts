/** What an agent sees of the messages of her queues, and in which order. */

import type { VoicemailLine } from "../protocol";

/** The one she has accepted first, then her others; then those that wait, as the server orders them: urgent ones, then by age. */
export function shownVoicemails(
  lines: readonly VoicemailLine[],
  me: string,
  accepted: string | null,
): VoicemailLine[] {
  const mine = lines.filter((line) => line.state === "taken" && line.agent === me);
  const open = lines.filter((line) => line.state === "open");
  const first = mine.filter((line) => line.id === accepted);
  return [...first, ...mine.filter((line) => line.id !== accepted), ...open];
}

/** How the caller is called: by name, by number, or not at all. */
export function callerOf(line: VoicemailLine): string {
  if (line.name !== "") return line.name;
  return line.number === "" ? "a hidden number" : line.number;
}

/** Another number: the list is to be read again. */
export function voicemailChanges(queues: readonly { voicemail_changes: number }[]): number {
  return queues.reduce((most, queue) => Math.max(most, queue.voicemail_changes), 0);
}

/** Whose it is besides the queue's: `for you`, `for Ben`, or nothing. */
export function ownerText(line: VoicemailLine, me: string): string {
  if (line.owner === null) return "";
  return line.owner === me ? "for you" : `for ${line.owner_name}`;
}

/** What must be able to be done to take it: `german 5, gas 2`. */
export function skillsText(line: VoicemailLine): string {
  return Object.entries(line.skills)
    .map(([skill, level]) => `${skill} ${level}`)
    .join(", ");
}

/** Where a message can be given: `queue billing` or `agent anna billing` as the value of an option. */
export interface Goal {
  value: string;
  name: string;
  queue: string;
  agent: string | null;
}

/** The queues there are, and the agents of the message's own; not where it is already. */
export function goalsOf(
  line: VoicemailLine,
  queues: readonly { id: string; name: string }[],
  agents: readonly { id: string; name: string; queues: readonly string[] }[],
): Goal[] {
  const toQueues = queues.map(({ id, name }) => ({ value: `queue ${id}`, name, queue: id, agent: null }));
  const toAgents = agents
    .filter((agent) => agent.queues.includes(line.queue))
    .map(({ id, name }) => ({ value: `agent ${id}`, name, queue: line.queue, agent: id }));
  const here = (goal: Goal) =>
    line.state === "open" && goal.queue === line.queue && goal.agent === line.owner;
  return [...toQueues, ...toAgents].filter((goal) => !here(goal));
}
