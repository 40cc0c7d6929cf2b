import { expect, test } from "vitest";
import type { TaskLine } from "../src/protocol";
import {
  choiceOf,
  localMoment,
  momentOf,
  ownerOf,
  ownerText,
  suggestedDue,
  taskDueness,
} from "../src/state/tasks";

const NOW = Date.parse("2026-03-01T10:00:00Z");

function task(change: Partial<TaskLine> = {}): TaskLine {
  return {
    id: "t1",
    text: "Send the form",
    due_at: "2026-03-01T12:00:00Z",
    agent: "anna",
    agent_name: "Anna",
    queue: null,
    queue_name: "",
    contact: null,
    customer: null,
    about: "",
    state: "open",
    created_at: "2026-03-01T09:00:00Z",
    created_by: "anna",
    changed_at: "2026-03-01T09:00:00Z",
    changed_by: "anna",
    version: 1,
    ...change,
  };
}

test("a task is due within a day, and overdue when its time is over", () => {
  expect(taskDueness(task(), NOW)).toBe("due");
  expect(taskDueness(task({ due_at: "2026-03-02T10:00:01Z" }), NOW)).toBe("later");
  expect(taskDueness(task({ due_at: "2026-03-01T09:59:59Z" }), NOW)).toBe("overdue");
});

test("whose it is", () => {
  expect(ownerText(task(), "anna")).toBe("you");
  expect(ownerText(task(), "ben")).toBe("Anna");
  expect(ownerText(task({ agent: null, queue: "gas", queue_name: "Gas" }), "anna")).toBe("queue Gas");
  expect(choiceOf(task())).toBe("agent:anna");
  expect(ownerOf("agent:anna:b")).toEqual({ agent: "anna:b" });
  expect(ownerOf("queue:gas")).toEqual({ queue: "gas" });
});

test("a time is typed on one's own clock and sent as a moment", () => {
  const date = new Date(2026, 2, 1, 9, 5);
  expect(localMoment(date)).toBe("2026-03-01T09:05");
  expect(momentOf("2026-03-01T09:05")).toBe(date.toISOString());
  expect(momentOf("")).toBeNull();
  expect(momentOf("tomorrow")).toBeNull();
  expect(suggestedDue(new Date(2026, 1, 28, 9, 5))).toBe("2026-03-01T09:15");
});
