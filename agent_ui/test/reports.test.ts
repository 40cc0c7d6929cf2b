import { expect, test } from "vitest";
import type { ReportTable } from "../src/protocol";
import { dayIn, rangeOf } from "../src/state/days";
import {
  addressOf,
  choiceOf,
  figureText,
  headingOf,
  orderOf,
  periodsOf,
  queryOf,
  rowsOf,
  totalOf,
} from "../src/state/reports";

const TABLE: ReportTable = {
  id: "queue-hours",
  name: "Queues by the hour",
  about: "",
  since: "2026-10-24T22:00:00Z",
  until: "2026-10-25T23:00:00Z",
  by: ["hour", "queue"],
  columns: [{ id: "entered", name: "Entered", unit: "count", formula: "E" }],
  lines: [
    { groups: ["2026-10-25T02:00:00+02:00", "gas"], names: ["2026-10-25 02:00", "Gas"], figures: [2] },
    { groups: ["2026-10-25T02:00:00+01:00", "gas"], names: ["2026-10-25 02:00", "Gas"], figures: [null] },
  ],
  total: { groups: [], names: [], figures: [2] },
};

test("days of the centre begin at its midnight, also where the clock is changed", () => {
  expect(rangeOf("2026-03-29", "2026-03-29", "Europe/Berlin")).toEqual({
    since: "2026-03-28T23:00:00.000Z",
    until: "2026-03-29T22:00:00.000Z",
  });
  expect(rangeOf("2026-10-25", "2026-10-25", "America/New_York")).toEqual({
    since: "2026-10-25T04:00:00.000Z",
    until: "2026-10-26T04:00:00.000Z",
  });
  expect(rangeOf("2026-10-25", "2026-10-24", "Asia/Kolkata")).toBeNull();
  expect(rangeOf("", "2026-10-24", "Asia/Kolkata")).toBeNull();
  expect(dayIn("Pacific/Auckland", Date.parse("2026-06-30T13:00:00Z"))).toBe("2026-07-01");
  expect(dayIn("America/New_York", Date.parse("2026-06-30T03:00:00.250Z"))).toBe("2026-06-29");
});

test("the address says what is shown; without one it is the first report, of today", () => {
  const plain = choiceOf("", "queues", "2026-03-30");
  expect(plain).toEqual({ report: "queues", from: "2026-03-30", to: "2026-03-30", queue: "" });
  const other = { ...plain, report: "a b", queue: "gas&water" };
  expect(choiceOf(addressOf(other).slice("/reports".length), "queues", "2026-01-01")).toEqual(other);
  expect(queryOf({ ...other, from: "2026-03-31" }, "Europe/Berlin")).toBeNull();
  const query = new URLSearchParams(queryOf(other, "Europe/Berlin") ?? "");
  expect([query.get("since"), query.get("queue")]).toEqual(["2026-03-29T22:00:00.000Z", "gas&water"]);
  expect(periodsOf("2026-03-01").map(({ from, to }) => `${from} ${to}`)).toEqual([
    "2026-03-01 2026-03-01",
    "2026-02-28 2026-02-28",
    "2026-02-23 2026-03-01",
    "2026-01-31 2026-03-01",
  ]);
});

test("an hour that comes twice keeps its order, and the total stands below", () => {
  const rows = rowsOf(TABLE);
  const [first, second] = rows.map((row) => orderOf(row, "hour", 0));
  expect(Number(first)).toBeLessThan(Number(second));
  expect(rows.map((row) => orderOf(row, "queue", 1))).toEqual(["Gas", "Gas"]);
  expect(totalOf(TABLE)?.names).toEqual(["Total", ""]);
  expect(totalOf({ ...TABLE, by: [] })).toBeNull();
  expect(totalOf({ ...TABLE, lines: [] })).toBeNull();
});

test("figures are written with their unit above them, and a dash where nothing was counted", () => {
  expect(headingOf({ id: "asa", name: "ASA", unit: "seconds", formula: "" })).toBe("ASA (s)");
  expect([figureText(null, "percent"), figureText(12, "count")]).toEqual(["–", "12"]);
  expect(figureText(83.25, "percent")).toMatch(/^83[.,]3$/);
});
