/** The input of a dialog item: what is in it when it appears, which option a digit means, what the server is told. */

import type { OptionView, TurnView } from "../protocol";

export interface Draft {
  run: string;
  turn: number;
  item: string;
  text: string;
}

/** Ids of the two answers of a yes-no question, as the engine reads them. */
const YES_NO: readonly OptionView[] = [
  { value: "yes", label: "Yes", key: "1" },
  { value: "no", label: "No", key: "2" },
];

export function optionsOf(type: string, options: readonly OptionView[]): readonly OptionView[] {
  return type === "yes-no" && options.length === 0 ? YES_NO : options;
}

/** The key shown beside an option: its own, or its place in the list. */
export function optionKey(options: readonly OptionView[], index: number): string {
  if (options.every((option) => option.key === "")) return index < 9 ? String(index + 1) : "";
  return options[index]?.key ?? "";
}

/** The option a pressed key stands for; yes and no also go by their letter. */
export function optionForKey(type: string, options: readonly OptionView[], key: string): OptionView | null {
  const shown = optionsOf(type, options);
  const byKey = shown.find((_, index) => optionKey(shown, index) !== "" && optionKey(shown, index) === key);
  if (byKey !== undefined) return byKey;
  if (type !== "yes-no" || key.length !== 1) return null;
  return shown.find((option) => option.value.startsWith(key.toLowerCase())) ?? null;
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
