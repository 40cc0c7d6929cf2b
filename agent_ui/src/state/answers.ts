/** The input of a dialog item: what is in it when it appears, which option a digit means, what the server is told. */

import type { OptionView, TurnView } from "../protocol";

export interface Draft {
  run: string;
  turn: number;
  item: string;
  text: string;
}

/** How yes and no are called in the dialog's language; the engine reads `yes` and `no` whatever it is. */
const YES_NO_LABELS: Record<string, readonly [string, string]> = {
  en: ["Yes", "No"],
  de: ["Ja", "Nein"],
  nl: ["Ja", "Nee"],
  fr: ["Oui", "Non"],
};

export function optionsOf(
  type: string,
  options: readonly OptionView[],
  language: string,
): readonly OptionView[] {
  if (type !== "yes-no" || options.length > 0) return options;
  const [yes, no] = YES_NO_LABELS[language.split("-")[0] ?? ""] ?? ["Yes", "No"];
  return [
    { value: "yes", label: yes, key: "1" },
    { value: "no", label: no, key: "2" },
  ];
}

/** The key shown beside an option: its own, or its place in the list. */
export function optionKey(options: readonly OptionView[], index: number): string {
  if (options.every((option) => option.key === "")) return index < 9 ? String(index + 1) : "";
  return options[index]?.key ?? "";
}

/** The option a pressed key stands for; yes and no also go by the first letter of what they are called. */
export function optionForKey(type: string, shown: readonly OptionView[], key: string): OptionView | null {
  const byKey = shown.find((_, index) => optionKey(shown, index) !== "" && optionKey(shown, index) === key);
  if (byKey !== undefined) return byKey;
  if (type !== "yes-no" || key.length !== 1) return null;
  return shown.find((option) => option.label.toLowerCase().startsWith(key.toLowerCase())) ?? null;
}

/**
 * What stands in the input. A view of the same turn leaves it alone; an item presented again because its answer
 * was not taken keeps what was typed, so that a slip is mended and not typed again.
 */
export function nextDraft(draft: Draft | null, run: string, turn: TurnView): Draft {
  const sameItem = draft !== null && draft.run === run && draft.item === turn.item;
  if (sameItem && draft.turn === turn.number) return draft;
  const text = sameItem && turn.error !== "" && draft.text !== "" ? draft.text : turn.answer;
  return { run, turn: turn.number, item: turn.item, text };
}

/** How many options still read well as a list of radio buttons; more become a searchable select. */
export const MAX_RADIO_OPTIONS = 12;

/** The limits in words, for the line under an input. */
export function limitsText(turn: Pick<TurnView, "type" | "minimum" | "maximum" | "required">): string {
  const parts: string[] = [];
  if (turn.minimum !== "" && turn.maximum !== "") parts.push(`${turn.minimum} to ${turn.maximum}`);
  else if (turn.minimum !== "") parts.push(`at least ${turn.minimum}`);
  else if (turn.maximum !== "") parts.push(`at most ${turn.maximum}`);
  if (!turn.required) parts.push("may be left empty");
  return parts.join(" · ");
}
