import { expect, test } from "vitest";
import type { WaitingRow } from "../src/protocol";
import { initialMonitor, knownAt, type MonitorState, reduceMonitor } from "../src/state/monitor";
import { monitor, queueRow } from "./samples";

const AT = Date.parse("2026-03-01T10:00:00Z");

function waiting(id: string): WaitingRow {
  return { id, queue: "meter", caller: "1", since: "2026-03-01T09:59:00Z", priority: 0, offered_to: "" };
}

function after(...views: ReturnType<typeof monitor>[]): MonitorState {
  return views.reduce((state, view) => reduceMonitor(state, { kind: "view", view, at: AT }), initialMonitor);
}

test("changed rows replace, gone rows leave, the rest stays", () => {
  const state = after(
    monitor({ seq: 4, waiting: [waiting("a"), waiting("b")], queues: [queueRow()] }),
    monitor({
      seq: 5,
      whole: false,
      waiting: [{ ...waiting("b"), offered_to: "anna" }, waiting("c")],
      gone_waiting: ["a"],
    }),
  );
  expect([...state.waiting.keys()]).toEqual(["b", "c"]);
  expect(state.waiting.get("b")?.offered_to).toBe("anna");
  expect(state.queues.size).toBe(1);
});

test("tables that did not change keep their identity", () => {
  const before = after(monitor({ seq: 1, queues: [queueRow()] }));
  const next = reduceMonitor(before, {
    kind: "view",
    view: monitor({ seq: 2, whole: false, waiting: [waiting("a")] }),
    at: AT,
  });
  expect(next.queues).toBe(before.queues);
});

test("a whole view forgets what was before", () => {
  const state = after(
    monitor({ seq: 9, waiting: [waiting("a")] }),
    monitor({ seq: 1, waiting: [waiting("b")] }),
  );
  expect([...state.waiting.keys()]).toEqual(["b"]);
  expect(state.gap).toBe(false);
});

test("a missed change is noticed, and changes nothing", () => {
  const state = after(
    monitor({ seq: 1, waiting: [waiting("a")] }),
    monitor({ seq: 3, whole: false, gone_waiting: ["a"] }),
  );
  expect(state.gap).toBe(true);
  expect(state.waiting.size).toBe(1);
});

test("changes before the first whole view are a gap", () => {
  expect(after(monitor({ seq: 3, whole: false })).gap).toBe(true);
});

test("while the telephone system is away, what is shown of calls grows old, on the local clock", () => {
  const minute = 60_000;
  const state = after(
    monitor({
      seq: 1,
      now: new Date(AT + 5 * minute).toISOString(),
      telephony: false,
      unheard_since: new Date(AT + 4 * minute).toISOString(),
    }),
  );
  expect(state.link.heardAt).toBe(AT);
  expect(knownAt(state)).toBe(AT - minute);
  const back = reduceMonitor(state, { kind: "view", view: monitor({ seq: 2, whole: false }), at: AT });
  expect(knownAt(back)).toBe(AT);
});
