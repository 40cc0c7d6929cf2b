import { expect, test } from "vitest";
import {
  limitsText,
  linesOf,
  marksOf,
  mayBeKept,
  moved,
  nextDraft,
  optionForKey,
  optionKey,
  optionsOf,
  ownWords,
  questionsOf,
  rankedOrNot,
  toggled,
  toldBefore,
  typedInto,
  withOwnWords,
} from "../src/state/answers";
import { told, turn } from "./samples";

function option(value: string, label = value, key = "", more = {}) {
  return { value, label, key, exclusive: false, other: false, ...more };
}

const OPTIONS = [option("self", "The customer"), option("fitter", "A fitter")];
const typed = (text: string) => typedInto(nextDraft(null, "r1", turn()), "reading", text);

test("a view of the same turn leaves what is being typed alone", () => {
  const draft = typed("48");
  expect(nextDraft(draft, "r1", turn({ texts: ["other news"] }))).toBe(draft);
});

test("another item begins with its own answer", () => {
  const draft = typed("48");
  const next = nextDraft(draft, "r1", turn({ number: 2, item: "date", answer: "2026-03-01" }));
  expect(next.texts).toEqual({ date: "2026-03-01" });
  expect(next.touched).toBe(false);
});

test("an answer that was not taken is kept, to be mended", () => {
  const draft = typed("48a");
  expect(nextDraft(draft, "r1", turn({ number: 2, error: "Digits only." })).texts).toEqual({
    reading: "48a",
  });
});

test("what was typed stays when the item is presented again before it was sent, and only then", () => {
  const again = turn({ number: 2, answer: "1" });
  expect(nextDraft(typed("48"), "r1", again).texts).toEqual({ reading: "48" });
  expect(nextDraft({ ...typed("48"), sent: true }, "r1", again).texts).toEqual({ reading: "1" });
  expect(nextDraft(nextDraft(null, "r1", turn()), "r1", again).texts).toEqual({ reading: "1" });
});

test("the same item in another run begins anew", () => {
  const draft = typed("48");
  expect(nextDraft(draft, "r2", turn()).texts).toEqual({ reading: "" });
});

test("options without keys are numbered, options with keys keep theirs", () => {
  expect(optionKey(OPTIONS, 1)).toBe("2");
  const keyed = [option("a", "A", "7"), option("b", "B")];
  expect([optionKey(keyed, 0), optionKey(keyed, 1)]).toEqual(["7", ""]);
});

test("a digit chooses an option", () => {
  expect(optionForKey("choice", OPTIONS, "2")?.value).toBe("fitter");
  expect(optionForKey("choice", OPTIONS, "3")).toBeNull();
  expect(optionForKey("choice", OPTIONS, "s")).toBeNull();
});

test("yes and no go by digit and by letter, in the dialog's language", () => {
  const english = optionsOf("yes-no", [], "en");
  expect(english.map((option) => option.value)).toEqual(["yes", "no"]);
  expect(optionForKey("yes-no", english, "1")?.value).toBe("yes");
  expect(optionForKey("yes-no", english, "N")?.value).toBe("no");
  expect(optionForKey("yes-no", english, "Tab")).toBeNull();
  expect(optionForKey("yes-no", optionsOf("yes-no", [], "de-AT"), "j")?.value).toBe("yes");
  expect(optionsOf("yes-no", [], "xx")[0]?.label).toBe("Yes");
});

test("limits are put into words", () => {
  expect(limitsText(turn({ minimum: "1", maximum: "9" }))).toBe("1 to 9");
  expect(limitsText(turn({ minimum: "1", required: false }))).toBe("at least 1 · may be left empty");
  expect(limitsText(turn({ maximum: "9" }))).toBe("at most 9");
  expect(limitsText(turn())).toBe("");
});

test("a day or time that bounds an answer is told as people write it", () => {
  const day = limitsText(turn({ type: "date", maximum: "2026-11-28" }));
  expect(day).toMatch(/^not after .*2026/);
  expect(day).not.toContain("-11-");
  const moment = limitsText(turn({ type: "date-time", minimum: "2026-11-28T10:50:05.290820" }));
  expect(moment).toMatch(/^not before .*2026.*10:50$/);
  expect(limitsText(turn({ type: "date", minimum: "soon" }))).toBe("not before soon");
  expect(limitsText(turn({ type: "time", minimum: "09:30" }))).toBe("at least 09:30");
});

test("a draft is kept once something was typed, unless it is far too long", () => {
  expect(mayBeKept(nextDraft(null, "r1", turn()))).toBe(false);
  expect(mayBeKept(typed("48"))).toBe(true);
  expect(mayBeKept(typed("x".repeat(40_001)))).toBe(false);
});

test("what the server kept of a draft is there after a reload", () => {
  expect(nextDraft(null, "r1", turn({ answer: "1" }), { reading: "48" }).texts).toEqual({ reading: "48" });
});

const GROUP = turn({
  item: "address",
  kind: "group",
  questions: [
    turn({ item: "note", kind: "info" }),
    turn({ item: "street", answer: "Main street" }),
    turn({ item: "city" }),
  ],
});

test("a group has a text for each of its questions", () => {
  expect(questionsOf(GROUP).map((question) => question.item)).toEqual(["street", "city"]);
  expect(nextDraft(null, "r1", GROUP).texts).toEqual({ street: "Main street", city: "" });
});

test("a group that was not taken keeps what was typed into all of it", () => {
  const draft = typedInto(typedInto(nextDraft(null, "r1", GROUP), "city", "Ulm"), "street", "1");
  const [info, street, city] = GROUP.questions;
  const refused = {
    ...GROUP,
    number: 2,
    questions: [info, { ...street, error: "No." }, city],
  } as typeof GROUP;
  expect(nextDraft(draft, "r1", refused).texts).toEqual({ street: "1", city: "Ulm" });
});

const SEVERAL = [option("gas"), option("oil"), option("none", "None", "", { exclusive: true })];

test("several options are chosen and let go, one that excludes the others stands alone", () => {
  const [gas, oil, none] = SEVERAL as [(typeof SEVERAL)[0], (typeof SEVERAL)[0], (typeof SEVERAL)[0]];
  expect(toggled("", gas, SEVERAL)).toBe("gas");
  expect(toggled("gas", oil, SEVERAL)).toBe("gas\noil");
  expect(toggled("gas\noil", gas, SEVERAL)).toBe("oil");
  expect(toggled("gas\noil", none, SEVERAL)).toBe("none");
  expect(toggled("none", gas, SEVERAL)).toBe("gas");
});

test("options are ranked by choosing them one after the other, and moved", () => {
  const [gas, oil] = SEVERAL as [(typeof SEVERAL)[0], (typeof SEVERAL)[0]];
  const both = rankedOrNot(rankedOrNot("", oil), gas);
  expect(linesOf(both)).toEqual(["oil", "gas"]);
  expect(moved(both, gas, -1)).toBe("gas\noil");
  expect(moved(both, gas, 1)).toBe(both);
  expect(rankedOrNot(both, oil)).toBe("gas");
});

test("own words stand in the place of the option that takes them", () => {
  const options = [option("gas"), option("other", "Something else", "", { other: true })];
  expect(withOwnWords("gas", options, "Wood", true)).toBe("gas\nWood");
  expect(withOwnWords("gas\nWoo", options, "Wood", true)).toBe("gas\nWood");
  expect(withOwnWords("gas\nWood", options, "", true)).toBe("gas\nother");
  expect(withOwnWords("other", options, "Wood", false)).toBe("Wood");
  expect(ownWords("gas\nWood", options)).toBe("Wood");
  expect(ownWords("other", options)).toBe("");
});

test("a rating has marks side by side, unless they are too many", () => {
  expect(marksOf("1", "5")).toEqual(["1", "2", "3", "4", "5"]);
  expect(marksOf("0", "10")).toHaveLength(11);
  expect(marksOf("1", "100")).toEqual([]);
  expect(marksOf("", "")).toEqual([]);
});

test("what a page brings during the conversation is no answer to the machine, and keeps its place", () => {
  const phone = told({ item: "number" });
  const agent = told({ item: "street", channel: "agent", at: "2026-03-01T10:01:00Z" });
  const web = told({ item: "people", channel: "web", at: "2026-03-01T10:02:00Z" });
  const last = told({ item: "remark", channel: "agent", at: "2026-03-01T10:03:00Z" });
  const trail = [phone, agent, web, last];
  expect(toldBefore(trail, "2026-03-01T10:00:00Z")).toEqual({ told: [phone], here: [agent, web, last] });
  expect(toldBefore(trail, null).told).toEqual([phone, web]);
});
