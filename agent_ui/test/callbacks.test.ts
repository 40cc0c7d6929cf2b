import { expect, test } from "vitest";
import type { CallbackLine } from "../src/protocol";
import {
  attemptsText,
  dueness,
  nextAttempt,
  promisedTime,
  shownCallbacks,
  waitingCallbacks,
} from "../src/state/callbacks";

const NOW = Date.parse("2026-03-01T10:00:00Z");

function line(change: Partial<CallbackLine> = {}): CallbackLine {
  return {
    id: "b1",
    number: "+4930555001",
    queue: "billing",
    queue_name: "Billing",
    due_at: "2026-03-01T09:30:00Z",
    until: null,
    name: "Mira",
    customer: null,
    reason: "",
    run: null,
    state: "open",
    attempts: 0,
    agent: null,
    agent_name: "",
    created_at: "2026-03-01T09:00:00Z",
    changed_at: "2026-03-01T09:00:00Z",
    version: 1,
    waiting_since: null,
    next_at: null,
    result: "",
    ...change,
  };
}

test("one's own come first, then what is due soonest; those of others are not shown", () => {
  const lines = [
    line({ id: "late", due_at: "2026-03-01T12:00:00Z" }),
    line({ id: "soon" }),
    line({ id: "theirs", state: "taken", agent: "ben" }),
    line({ id: "mine", state: "taken", agent: "anna", due_at: "2026-03-02T12:00:00Z" }),
    line({ id: "over", state: "done", agent: "anna" }),
  ];
  expect(shownCallbacks(lines, "anna").map((one) => one.id)).toEqual(["mine", "soon", "late"]);
});

test("what is promised for later is not due, and what is past its time is late", () => {
  expect(dueness(line(), NOW)).toBe("due");
  expect(dueness(line({ due_at: "2026-03-01T10:00:01Z" }), NOW)).toBe("later");
  expect(dueness(line({ until: "2026-03-01T09:59:00Z" }), NOW)).toBe("late");
  expect(dueness(line({ until: "2026-03-01T10:01:00Z" }), NOW)).toBe("due");
});

test("what is tried again later is not due until then, but late when its time is over", () => {
  const next_at = "2026-03-01T10:20:00Z";
  expect(dueness(line({ next_at }), NOW)).toBe("later");
  expect(dueness(line({ next_at: "2026-03-01T09:50:00Z" }), NOW)).toBe("due");
  expect(dueness(line({ next_at, until: "2026-03-01T09:59:00Z" }), NOW)).toBe("late");
});

test("attempts are told with what came of the last, and when the next is", () => {
  expect(attemptsText(line())).toBe("");
  expect(attemptsText(line({ attempts: 1, result: "no-answer" }))).toBe("tried 1 time · last: no answer");
  expect(attemptsText(line({ attempts: 2, result: "busy" }))).toBe("tried 2 times · last: busy");
  expect(attemptsText(line({ result: "something-new" }))).toBe("last: something-new");
  const next_at = "2026-03-01T10:20:00Z";
  expect(nextAttempt(line({ next_at }), NOW)).toMatch(/^next attempt \d\d:\d\d$/);
  expect(nextAttempt(line({ next_at, state: "taken" }), NOW)).toBe("");
  expect(nextAttempt(line({ next_at: "2026-03-01T09:50:00Z" }), NOW)).toBe("");
});

test("the promised time names both ends where there are two", () => {
  expect(promisedTime(line(), NOW)).toMatch(/^from \d\d:\d\d$/);
  expect(promisedTime(line({ until: "2026-03-01T11:00:00Z" }), NOW)).toMatch(/^\d\d:\d\d to \d\d:\d\d$/);
});

test("the list is read again when the number of any queue changes", () => {
  expect(waitingCallbacks([{ callbacks: 2 }, { callbacks: 1 }])).toBe(3);
  expect(waitingCallbacks([])).toBe(0);
});
