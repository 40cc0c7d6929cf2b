import { expect, test } from "vitest";
import { limitsText, nextDraft, optionForKey, optionKey, optionsOf } from "../src/state/answers";
import { turn } from "./samples";

const OPTIONS = [
  { value: "self", label: "The customer", key: "" },
  { value: "fitter", label: "A fitter", key: "" },
];

test("a view of the same turn leaves what is being typed alone", () => {
  const draft = { ...nextDraft(null, "r1", turn()), text: "48" };
  expect(nextDraft(draft, "r1", turn({ texts: ["other news"] }))).toBe(draft);
});

test("another item begins with its own answer", () => {
  const draft = { ...nextDraft(null, "r1", turn()), text: "48" };
  expect(nextDraft(draft, "r1", turn({ number: 2, item: "date", answer: "2026-03-01" })).text).toBe(
    "2026-03-01",
  );
});

test("an answer that was not taken is kept, to be mended", () => {
  const draft = { ...nextDraft(null, "r1", turn()), text: "48a" };
  expect(nextDraft(draft, "r1", turn({ number: 2, error: "Digits only." })).text).toBe("48a");
});

test("the same item in another run begins anew", () => {
  const draft = { ...nextDraft(null, "r1", turn()), text: "48" };
  expect(nextDraft(draft, "r2", turn()).text).toBe("");
});

test("options without keys are numbered, options with keys keep theirs", () => {
  expect(optionKey(OPTIONS, 1)).toBe("2");
  const keyed = [
    { value: "a", label: "A", key: "7" },
    { value: "b", label: "B", key: "" },
  ];
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
