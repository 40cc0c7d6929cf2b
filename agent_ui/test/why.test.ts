import { expect, test } from "vitest";
import type { Decision, WhyView } from "../src/protocol";
import { figureText, leftOutText, neededText, presencesText, rankText, whyLine } from "../src/state/why";

const WHY: WhyView = {
  decided_at: "2026-03-01T10:00:00Z",
  policy: "longest-idle",
  figure: Date.parse("2026-03-01T09:58:00Z") / 1000,
  rank: 1,
  candidates: 3,
  presences: {},
  waited_seconds: 4,
  priority: 0,
  skills: [{ name: "Gas", needed: 2, level: 4 }],
  step: 0,
  steps: 0,
  rule: 0,
  also: [],
  value: null,
};

test.each([
  ["the rule", {}, "longest idle of 3; Gas 4 ≥ 2"],
  ["more candidates than are told", { candidates: 5, skills: [] }, "longest idle of 5 or more"],
  ["nobody else", { candidates: 1, skills: [] }, "only you could take it"],
  ["the agent of last time", { rank: 0, skills: [] }, "the customer talked with you last"],
  [
    "steps, rules and priority",
    { step: 1, steps: 2, rule: 3, priority: 5, skills: [] },
    "longest idle of 3; step 1 of 2; rule 3; priority 5",
  ],
  ["a policy of a plug-in", { policy: "by-mood", skills: [] }, "by-mood of 3"],
])("one line tells why: %s", (_, change, text) => {
  expect(whyLine({ ...WHY, ...change })).toBe(text);
});

test("what a policy goes by is told in its own unit", () => {
  expect(figureText("longest-idle", WHY.figure ?? 0, WHY.decided_at)).toBe("idle for 2 min");
  expect(figureText("least-occupied", 0.834, WHY.decided_at)).toBe("83 % occupied in the last hour");
  expect(figureText("most-skilled", 12, WHY.decided_at)).toBe("levels 12");
  expect(figureText("by-mood", 7, WHY.decided_at)).toBe("7");
  expect([0, 1, 12].map(rankText)).toEqual(["the agent of last time", "1", "overflow (12)"]);
});

test("who was left out is told why, by names where there are some", () => {
  const names = (id: string) => (id === "break" ? "Break" : id === "gas" ? "Gas" : id);
  const text = (reason: string) => leftOutText({ agent: "ben", reason }, names, names);
  expect(text("talking")).toBe("talking");
  expect(text("not-ready:break")).toBe("not ready: Break");
  expect(text("skill:gas")).toBe("Gas is missing, or its level too low");
  expect(text("behind")).toBe("could have taken it, but came after the candidates");
  expect(text("something-new")).toBe("something-new");
});

test("what was needed and who was there", () => {
  expect(presencesText({ ready: 1, talking: 5, "not-ready": 1 })).toBe("5 talking, 1 not ready, 1 ready");
  expect(presencesText({})).toBe("");
  const needed = (skills: Record<string, number>) => neededText({ skills } as Decision, (id) => id);
  expect(needed({ german: 5, gas: 2 })).toBe("german 5, gas 2");
  expect(needed({})).toBe("nothing");
});
