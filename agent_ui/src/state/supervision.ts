/** What a supervisor may do with a row of the monitor, and how a supervision is told. Knows no page and no server. */

import type { AgentRow, CallRow, SupervisionMode, SupervisionRow } from "../protocol";

export const MODES: readonly { mode: SupervisionMode; name: string; told: string }[] = [
  { mode: "listen", name: "Listen", told: "Nobody hears you." },
  { mode: "whisper", name: "Whisper", told: "The agent hears you, the customer does not." },
  { mode: "barge", name: "Barge in", told: "Both hear you." },
];

/** One's own supervision: the one under way, else the one that ended last. */
export function ownSupervision(rows: readonly SupervisionRow[], user: string): SupervisionRow | null {
  const own = rows.filter((row) => row.by === user);
  return own.find((row) => row.stage !== "ended") ?? own.at(-1) ?? null;
}

/** Whether there is somebody to listen to. */
export function canBeHeard(call: CallRow): boolean {
  return (call.phase === "talking" || call.phase === "held") && call.agent !== "";
}

const OUTCOMES: Record<string, string> = {
  stopped: "Ended.",
  "not-answered": "Your phone was not answered.",
  "conversation-over": "The conversation is over.",
  "taken-over": "You have taken the conversation over.",
  failed: "The telephone system refused it.",
  lost: "It was lost: the server or the telephone system was restarted.",
};

/** How it stands, as one sentence. */
export function supervisionText(row: SupervisionRow, agent: string): string {
  if (row.stage === "calling") return `Your phone rings: pick up to hear ${agent}.`;
  if (row.stage === "ended") return `${agent}: ${OUTCOMES[row.outcome] ?? "Ended."}`;
  const mode = MODES.find((known) => known.mode === row.mode);
  const verb = { listen: "You listen to", whisper: "You whisper to", barge: "You talk with" }[row.mode];
  return `${verb} ${agent}. ${mode?.told ?? ""}`;
}

/** Who takes part in an agent's conversation, as she is told. */
export function watchersText(names: readonly string[]): string {
  return `${names.join(", ")} ${names.length === 1 ? "takes" : "take"} part in this conversation.`;
}

/** To how many agents a message goes. */
export function sentText(agents: number): string {
  return `The message is on its way to ${agents} ${agents === 1 ? "agent" : "agents"}.`;
}

/** What an agent can be made, by a supervisor or an admin. */
export function forceable(row: AgentRow, admin: boolean): readonly ("ready" | "not-ready" | "signed-out")[] {
  if (row.presence === "signed-out") return admin ? ["ready"] : [];
  const moves: ("ready" | "not-ready" | "signed-out")[] = [];
  if (admin && row.presence === "not-ready") moves.push("ready");
  if (row.presence !== "not-ready") moves.push("not-ready");
  moves.push("signed-out");
  return moves;
}

/** The phone a supervisor listens with, as it is asked for; null while a number is not complete. */
export function phoneAsked(kind: string, number: string): string | null {
  if (kind !== "number") return kind;
  const bare = number.replace(/[\s()./-]/g, "");
  return /^\+?[0-9]{2,32}$/.test(bare) ? bare : null;
}
