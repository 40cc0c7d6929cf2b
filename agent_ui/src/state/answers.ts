/** The input of a dialog item: what is in it when it appears, which option a digit means, what the server is told. */

import type { OptionView, TrailView, TurnView } from "../protocol";

export interface Draft {
  run: string;
  turn: number;
  item: string;
  /** What stands in each input, by item: one, or all of a group that is shown together. */
  texts: Readonly<Record<string, string>>;
  /** True once something was typed. */
  touched: boolean;
  /** True once it was sent: what comes then is another question, unless it was not taken. */
  sent: boolean;
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
    { value: "yes", label: yes, key: "1", exclusive: false, other: false },
    { value: "no", label: no, key: "2", exclusive: false, other: false },
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

/** The questions of a turn: its own, or those of a group that is shown together. */
export function questionsOf(turn: TurnView): readonly TurnView[] {
  if (turn.kind === "question") return [turn];
  return turn.questions.filter((inner) => inner.kind === "question");
}

/**
 * What stands in the inputs. A view of the same turn leaves it alone; an item presented again because its answer
 * was not taken keeps what was typed, so that a slip is mended and not typed again; so does one that is presented
 * again before anything was sent, for instance because its time was up. `kept` is what the server has
 * of a draft: after a reload it is there again.
 */
export function nextDraft(
  draft: Draft | null,
  run: string,
  turn: TurnView,
  kept: Readonly<Record<string, string>> = {},
): Draft {
  const sameItem = draft !== null && draft.run === run && draft.item === turn.item;
  if (sameItem && draft.turn === turn.number) return draft;
  const questions = questionsOf(turn);
  const refused = sameItem && questions.some((question) => question.error !== "");
  const keeps = refused || (sameItem && draft.touched && !draft.sent);
  const texts: Record<string, string> = {};
  for (const question of questions) {
    const typed = keeps ? draft.texts[question.item] : undefined;
    texts[question.item] = typed || (kept[question.item] ?? question.answer);
  }
  return { run, turn: turn.number, item: turn.item, texts, touched: keeps, sent: false };
}

export function typedInto(draft: Draft, item: string, text: string): Draft {
  return { ...draft, texts: { ...draft.texts, [item]: text }, touched: true, sent: false };
}

/** A pause in typing, after which what was typed is kept by the server. */
export const DRAFT_PAUSE_MS = 700;

/** Characters of a draft; of a longer one the server would keep nothing. */
const LONGEST_DRAFT = 40_000;

export function mayBeKept(draft: Draft): boolean {
  const length = Object.values(draft.texts).reduce((sum, text) => sum + text.length, 0);
  return draft.touched && length <= LONGEST_DRAFT;
}

// -- Several options: a line each --------------------------------------------------------------------------------

export function linesOf(value: string): readonly string[] {
  return value.split("\n").filter((line) => line !== "");
}

/** Choose an option or let it go. One that excludes the others stands alone; they let go of it. */
export function toggled(value: string, option: OptionView, options: readonly OptionView[]): string {
  const lines = linesOf(value);
  if (lines.includes(option.value)) return lines.filter((line) => line !== option.value).join("\n");
  if (option.exclusive) return option.value;
  const alone = new Set(options.filter((other) => other.exclusive).map((other) => other.value));
  return [...lines.filter((line) => !alone.has(line)), option.value].join("\n");
}

/** Give an option the next place, or take its place away. */
export function rankedOrNot(value: string, option: OptionView): string {
  const lines = linesOf(value);
  const rest = lines.filter((line) => line !== option.value);
  return (rest.length < lines.length ? rest : [...lines, option.value]).join("\n");
}

/** Move a ranked option up (-1) or down (1). */
export function moved(value: string, option: OptionView, by: -1 | 1): string {
  const lines = [...linesOf(value)];
  const from = lines.indexOf(option.value);
  const to = from + by;
  if (from < 0 || to < 0 || to >= lines.length) return value;
  lines.splice(to, 0, ...lines.splice(from, 1));
  return lines.join("\n");
}

/** Lines that are no option: what was said in own words. */
export function ownWords(value: string, options: readonly OptionView[]): string {
  const known = new Set(options.map((option) => option.value));
  return linesOf(value)
    .filter((line) => !known.has(line))
    .join(" ");
}

/** Put own words in the place of the option that takes them. */
export function withOwnWords(
  value: string,
  options: readonly OptionView[],
  words: string,
  several: boolean,
): string {
  const other = options.find((option) => option.other);
  if (other === undefined) return value;
  const text = words.trim() === "" ? other.value : words;
  if (!several) return text;
  const known = new Set(options.filter((option) => !option.other).map((option) => option.value));
  return [...linesOf(value).filter((line) => known.has(line)), text].join("\n");
}

/** The marks of a rating, when there are few enough to be shown side by side. */
export function marksOf(minimum: string, maximum: string): readonly string[] {
  const [least, most] = [Number.parseInt(minimum, 10), Number.parseInt(maximum, 10)];
  if (!(most >= least) || most - least > 10) return [];
  return Array.from({ length: most - least + 1 }, (_, index) => String(least + index));
}

/** How many options still read well as a list of radio buttons; more become a searchable select. */
export const MAX_RADIO_OPTIONS = 12;

/**
 * The answers the customer gave to a machine before the conversation, and all others. What comes from a page that
 * the customer has open meanwhile belongs to the conversation.
 */
export function toldBefore(
  trail: readonly TrailView[],
  since: string | null,
): { told: readonly TrailView[]; here: readonly TrailView[] } {
  const before = ({ channel, at }: TrailView) =>
    channel !== "agent" && (since === null || Date.parse(at) < Date.parse(since));
  return { told: trail.filter(before), here: trail.filter((entry) => !before(entry)) };
}

/** How days and times are shown, by the type of their question. */
const TIMES: Record<string, Intl.DateTimeFormat> = {
  date: new Intl.DateTimeFormat(undefined, { dateStyle: "long" }),
  "date-time": new Intl.DateTimeFormat(undefined, {
    dateStyle: "long",
    timeStyle: "short",
    hourCycle: "h23",
  }),
};

/** A bound as people write it; it comes as a field of the browser would hold it. */
function boundText(type: string, bound: string): string {
  const format = TIMES[type];
  if (format === undefined || bound === "") return bound;
  const at = new Date(type === "date" ? `${bound}T00:00` : bound);
  return Number.isNaN(at.getTime()) ? bound : format.format(at);
}

/** The limits in words, for the line under an input. */
export function limitsText(turn: Pick<TurnView, "type" | "minimum" | "maximum" | "required">): string {
  const parts: string[] = [];
  const [least, most] = [boundText(turn.type, turn.minimum), boundText(turn.type, turn.maximum)];
  const isTime = turn.type in TIMES;
  if (least !== "" && most !== "") parts.push(`${least} to ${most}`);
  else if (least !== "") parts.push(`${isTime ? "not before" : "at least"} ${least}`);
  else if (most !== "") parts.push(`${isTime ? "not after" : "at most"} ${most}`);
  if (!turn.required) parts.push("may be left empty");
  return parts.join(" · ");
}
