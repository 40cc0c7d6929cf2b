import { expect, test } from "vitest";
import { routeOf } from "../src/parts/routing";
import { localDay, rangeOf } from "../src/state/days";
import { ageSeconds, clock, secondsLeft, spoken } from "../src/state/durations";
import { mayGoReady, maySignOut, nextText, reasonText } from "../src/state/presence";
import { nextSorting, sortRows } from "../src/state/sorting";
import { contact, desk } from "./samples";

const NOW = Date.parse("2026-03-01T10:00:00Z");

test("ages are never negative and countdowns end at zero", () => {
  expect(ageSeconds("2026-03-01T10:00:05Z", NOW)).toBe(0);
  expect(ageSeconds("2026-03-01T09:59:30Z", NOW)).toBe(30);
  expect(secondsLeft("2026-03-01T10:00:00.200Z", NOW)).toBe(1);
  expect(secondsLeft("2026-03-01T09:59:59Z", NOW)).toBe(0);
});

test("durations read as people write them", () => {
  expect([0, 7.9, 65, 3_723].map(clock)).toEqual(["0:00", "0:07", "1:05", "1:02:03"]);
  expect([9, 61, 3_600, 7_500].map(spoken)).toEqual(["9 s", "1 min", "1 h", "2 h 5 min"]);
});

test("a range of days includes the last, and runs forward", () => {
  const range = rangeOf("2026-03-01", "2026-03-01");
  expect(Date.parse(range?.until ?? "") - Date.parse(range?.since ?? "")).toBe(24 * 3_600_000);
  expect(rangeOf("2026-03-02", "2026-03-01")).toBeNull();
  expect(rangeOf("", "2026-03-01")).toBeNull();
  expect(localDay(new Date(2026, 0, 5))).toBe("2026-01-05");
});

test("sorting is stable and puts what is empty last in both directions", () => {
  const rows = [{ v: "b" }, { v: null }, { v: "a10" }, { v: "a9" }];
  const sorted = (descending: boolean) => sortRows(rows, (row) => row.v, descending).map((row) => row.v);
  expect(sorted(false)).toEqual(["a9", "a10", "b", null]);
  expect(sorted(true)).toEqual(["b", "a10", "a9", null]);
});

test("a second click turns the order round", () => {
  const first = nextSorting({ column: "name", descending: false }, "age", true);
  expect(first).toEqual({ column: "age", descending: true });
  expect(nextSorting(first, "age", true)).toEqual({ column: "age", descending: false });
});

test("reasons are shown in words, the centre's own too", () => {
  expect(reasonText("break", [{ id: "break", name: "Break" }])).toBe("Break");
  expect(reasonText("rona", [])).toContain("not answered");
  expect(reasonText("", [])).toBe("");
});

test("what follows the contact is told, unless that is to be ready", () => {
  const { presence, reasons } = desk();
  expect(nextText(presence, reasons)).toBe("");
  expect(nextText({ ...presence, next: "not-ready", next_reason: "break" }, reasons)).toBe(
    "Afterwards: Not ready, Break",
  );
  expect(nextText({ ...presence, next: "signed-out" }, reasons)).toBe("Afterwards: Signed out");
});

test("nobody signs out or becomes ready in a conversation", () => {
  const talking = desk({ presence: { ...desk().presence, presence: "talking" }, contact: contact() });
  expect(maySignOut(talking)).toBe(false);
  expect(mayGoReady(talking)).toBe(false);
});

test("addresses become pages", () => {
  expect(routeOf("/")).toEqual({ page: "console" });
  expect(routeOf("/monitor/")).toEqual({ page: "monitor" });
  expect(routeOf("/history/a%2Fb")).toEqual({ page: "history", contact: "a/b" });
  expect(routeOf("/history/%E0%A4%A")).toEqual({ page: "history", contact: "%E0%A4%A" });
  expect(routeOf("/nowhere")).toEqual({ page: "unknown" });
});
