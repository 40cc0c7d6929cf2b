import { expect, test } from "vitest";
import type { PartyView, TargetView } from "../src/protocol";
import { isInConversation } from "../src/state/presence";
import {
  chosenIndex,
  foundTargets,
  mayConsult,
  refusedText,
  targetKey,
  targetText,
  transferChoices,
  typedNumber,
} from "../src/state/transfers";
import { contact, desk } from "./samples";

function target(change: Partial<TargetView>): TargetView {
  return {
    kind: "agent",
    id: "x",
    name: "X",
    presence: "",
    reason: "",
    number: "",
    ready: 0,
    possible: true,
    ...change,
  };
}

const ANNA = target({ id: "anna", name: "Anna", presence: "talking", possible: false });
const BEN = target({ id: "ben", name: "Ben", presence: "ready" });
const BILLING = target({ kind: "queue", id: "billing", name: "Billing", ready: 2 });
const OUTSIDE = target({ kind: "number", id: "", name: "" });

function party(state: string): PartyView {
  return { id: 2, agent: "ben", name: "Ben", state };
}

test("a number is one with or without signs between its digits", () => {
  expect(typedNumber("+49 (30) 555-12")).toBe("+493055512");
  expect(typedNumber("sip:ben@example.org")).toBeNull();
  expect(typedNumber("")).toBeNull();
});

test("those who can take the customer now come first", () => {
  expect(foundTargets([ANNA, BEN, BILLING], "").map((found) => found.id)).toEqual(["ben", "billing", "anna"]);
  expect(foundTargets([ANNA, BEN, BILLING], "b").map((found) => found.id)).toEqual(["ben", "billing"]);
});

test("a typed number is offered only where numbers outside can be called", () => {
  expect(foundTargets([BEN], "030 555")).toEqual([]);
  expect(foundTargets([BEN, OUTSIDE], "030 555")[0]).toMatchObject({ kind: "number", id: "030555" });
});

test("whoever cannot talk now cannot be asked first", () => {
  expect(mayConsult(ANNA)).toBe(false);
  expect(mayConsult(BILLING)).toBe(true);
  expect(mayConsult(target({ kind: "queue", ready: 0 }))).toBe(false);
  expect(mayConsult(target({ kind: "entry-point" }))).toBe(false);
  expect(mayConsult(target({ kind: "script" }))).toBe(false);
  expect(targetText(ANNA)).toBe("in a call");
  expect(targetText(target({ kind: "script" }))).toBe("script, led on the phone");
  expect(targetText(target({ kind: "entry-point", number: "7002" }))).toBe("entry point · 7002");
});

test("whom somebody has chosen stays chosen when the list is ordered anew", () => {
  const chosen = targetKey(BEN);
  const busy = { ...BEN, presence: "talking", possible: false };
  expect(chosenIndex(foundTargets([BEN, BILLING], "b"), chosen)).toBe(0);
  expect(chosenIndex(foundTargets([busy, BILLING], "b"), chosen)).toBe(1);
  expect(chosenIndex(foundTargets([BILLING], "b"), chosen)).toBe(-1);
});

test("a key that does nothing says why", () => {
  expect(refusedText(BEN, false)).toBe("");
  expect(refusedText(BEN, true)).toBe("");
  expect(refusedText(ANNA, true)).toBe("Anna cannot be reached: in a call.");
  expect(refusedText({ ...BILLING, ready: 0 }, true)).toBe("");
  expect(refusedText({ ...BILLING, ready: 0 }, false)).toContain("Ctrl+Enter gives the customer away");
  expect(refusedText(target({ kind: "script", name: "Meter", possible: false }), true)).toBe(
    "Meter cannot take the customer now.",
  );
});

test("what can be done follows from who takes part, and belongs to the one who has the call", () => {
  expect(transferChoices(contact())).toMatchObject({ start: true, complete: false });
  const rings = transferChoices(contact({ phase: "held", parties: [party("ringing")] }));
  expect(rings).toEqual({ start: false, toggle: false, conference: false, complete: true, cancel: true });
  const asked = transferChoices(contact({ phase: "held", parties: [party("consulted")] }));
  expect(asked).toEqual({ start: false, toggle: true, conference: true, complete: true, cancel: true });
  const together = transferChoices(contact({ parties: [party("joined")] }));
  expect(together).toEqual({
    start: true,
    toggle: false,
    conference: false,
    complete: true,
    cancel: false,
  });
  const guest = transferChoices(contact({ mine: false, parties: [party("joined")] }));
  expect(Object.values(guest)).not.toContain(true);
});

test("who is consulted is in a conversation", () => {
  expect(isInConversation(desk({ contact: contact({ phase: "consulted", mine: false }) }))).toBe(true);
});
