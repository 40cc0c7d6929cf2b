import { expect, test } from "vitest";
import { choicesOf, filterText, namesOf } from "../src/history/names";
import type { CentreSummary } from "../src/protocol";
import {
  addressOf,
  FILTERS,
  filterNamed,
  filterOf,
  isNarrowed,
  questionOf,
  withoutFilters,
} from "../src/state/history";

const TODAY = "2026-11-28";
const PLAIN = filterOf("", TODAY);
const KNOWN = {
  number: "030 / 47",
  customer: "O'Sample & co",
  queue: "meter",
  agent: "ben",
  channel: "voice",
  outcome: "abandoned",
  disposition: "done",
  note: "meter is broken",
};

const DONE = { id: "done", name: "Done" };
const CENTRE: CentreSummary = {
  name: "Utility",
  timezone: "Europe/Berlin",
  queues: [
    { id: "meter", name: "Meter reading", target_seconds: 20, dispositions: [DONE] },
    { id: "bill", name: "Billing", target_seconds: 20, dispositions: [DONE, { id: "paid", name: "Paid" }] },
  ],
  agents: [],
  reasons: [],
  entry_points: [],
  skills: [],
};

function searchOf(address: string): string {
  return address.slice(address.indexOf("?"));
}

test("an address without anything is today, whoever called", () => {
  expect([PLAIN.from, PLAIN.to, PLAIN.offset]).toEqual([TODAY, TODAY, 0]);
  expect(FILTERS.map((name) => PLAIN[name])).toEqual(FILTERS.map(() => ""));
  expect(isNarrowed(PLAIN)).toBe(false);
  expect(filterOf("?offset=-50", TODAY).offset).toBe(0);
  expect(filterOf("?offset=many", TODAY).offset).toBe(0);
});

test("an address keeps the days, the place in the list, and the contact beside it", () => {
  const filter = { ...PLAIN, from: "2026-11-01", to: "2026-11-02", offset: 50 };
  const address = addressOf(filter, "a/b");
  expect(address).toBe("/history/a%2Fb?from=2026-11-01&to=2026-11-02&offset=50");
  expect(filterOf(searchOf(address), TODAY)).toEqual(filter);
  expect(addressOf({ ...filter, offset: 0 })).toBe("/history?from=2026-11-01&to=2026-11-02");
});

test("an address keeps all that is known of what is looked for, and the server is asked for it", () => {
  const filter = { ...PLAIN, ...KNOWN };
  expect(Object.keys(KNOWN)).toEqual([...FILTERS]);
  expect(filterOf(searchOf(addressOf(filter)), TODAY)).toEqual(filter);
  const asked = new URLSearchParams(questionOf(filter) ?? "");
  expect(FILTERS.map((name) => asked.get(name))).toEqual(Object.values(KNOWN));
  expect(isNarrowed(filter)).toBe(true);
});

test("blanks say nothing", () => {
  const blank = { ...PLAIN, number: "  ", customer: " mira " };
  expect(addressOf(blank)).toBe(`/history?from=${TODAY}&to=${TODAY}&customer=mira`);
  expect(isNarrowed({ ...PLAIN, number: "  " })).toBe(false);
});

test("without filters the days stay, from the newest on", () => {
  const filter = { ...PLAIN, ...KNOWN, from: "2026-11-01", offset: 100 };
  expect(withoutFilters(filter)).toEqual({ ...PLAIN, from: "2026-11-01" });
});

test("days that are no range are not asked for", () => {
  expect(questionOf({ ...PLAIN, from: "2026-11-02", to: "2026-11-01" })).toBeNull();
  expect(questionOf({ ...PLAIN, from: "" })).toBeNull();
  const asked = new URLSearchParams(questionOf({ ...PLAIN, offset: 100 }) ?? "");
  expect([asked.get("limit"), asked.get("offset"), asked.get("number")]).toEqual(["50", "100", null]);
});

test("a part of the question that is refused is one of the filters, or none", () => {
  expect([filterNamed("number"), filterNamed("since"), filterNamed("")]).toEqual(["number", null, null]);
});

test("filters are told in the words of the page", () => {
  const text = filterText(
    { ...PLAIN, number: "4711", queue: "meter", outcome: "abandoned" },
    namesOf(CENTRE),
  );
  expect(text).toBe("number with “4711”, queue Meter reading, outcome “Abandoned”");
  expect(filterText({ ...PLAIN, channel: "pigeon", disposition: "gone" }, namesOf(CENTRE))).toBe(
    "channel “pigeon”, disposition “gone”",
  );
  expect(filterText(PLAIN, namesOf(CENTRE))).toBe("");
});

test("dispositions to choose are those of the queue that is chosen, each once", () => {
  const ids = (queue: string) => choicesOf("disposition", CENTRE, queue).map(({ id }) => id);
  expect([ids(""), ids("meter"), ids("gone")]).toEqual([["done", "paid"], ["done"], ["done", "paid"]]);
  expect(choicesOf("queue", null, "")).toEqual([]);
});
