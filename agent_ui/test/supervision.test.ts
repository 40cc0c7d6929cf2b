import { describe, expect, it } from "vitest";
import type { AgentRow, CallRow, SupervisionRow } from "../src/protocol";
import {
  canBeHeard,
  forceable,
  ownSupervision,
  phoneAsked,
  sentText,
  supervisionText,
  watchersText,
} from "../src/state/supervision";

function row(change: Partial<SupervisionRow> = {}): SupervisionRow {
  return {
    id: "s1",
    contact: "c1",
    queue: "gas",
    agent: "anna",
    by: "olga",
    mode: "listen",
    stage: "active",
    since: "2026-03-01T10:00:00Z",
    outcome: "",
    ...change,
  };
}

const call: CallRow = {
  id: "c1",
  phase: "talking",
  caller: "+49",
  agent: "anna",
  queue: "gas",
  since: "",
  recording: "",
};
const agent: AgentRow = {
  id: "anna",
  name: "Anna",
  presence: "ready",
  reason: "",
  since: "",
  queue: "",
  caller: "",
  handled: 0,
  late_at: null,
  offered: null,
};

describe("one's own supervision", () => {
  it("is the one under way, whatever ended after it", () => {
    const rows = [row(), row({ id: "s2", stage: "ended" }), row({ id: "s3", by: "wim" })];
    expect(ownSupervision(rows, "olga")?.id).toBe("s1");
  });

  it("is the one that ended last when none is under way", () => {
    const rows = [row({ stage: "ended" }), row({ id: "s2", stage: "ended" })];
    expect(ownSupervision(rows, "olga")?.id).toBe("s2");
    expect(ownSupervision(rows, "wim")).toBeNull();
  });
});

describe("what is told", () => {
  it("says who hears the supervisor", () => {
    expect(supervisionText(row(), "Anna")).toBe("You listen to Anna. Nobody hears you.");
    expect(supervisionText(row({ mode: "whisper" }), "Anna")).toContain("the customer does not");
  });

  it("says why it ended", () => {
    expect(supervisionText(row({ stage: "ended", outcome: "not-answered" }), "Anna")).toBe(
      "Anna: Your phone was not answered.",
    );
  });
});

describe("what is possible", () => {
  it("offers only calls in which somebody talks", () => {
    expect(canBeHeard(call)).toBe(true);
    expect(canBeHeard({ ...call, phase: "held" })).toBe(true);
    expect(canBeHeard({ ...call, phase: "waiting" })).toBe(false);
  });

  it("lets only an admin make somebody ready", () => {
    expect(forceable({ ...agent, presence: "not-ready" }, false)).toEqual(["signed-out"]);
    expect(forceable({ ...agent, presence: "not-ready" }, true)).toEqual(["ready", "signed-out"]);
    expect(forceable({ ...agent, presence: "signed-out" }, false)).toEqual([]);
  });

  it("asks for a number as it is dialled, and for none that is not complete", () => {
    expect(phoneAsked("number", "+49 (30) 123-456")).toBe("+4930123456");
    expect(phoneAsked("number", "12x")).toBeNull();
    expect(phoneAsked("sip", "")).toBe("sip");
  });
});

describe("who is told", () => {
  it("is counted rightly", () => {
    expect(watchersText(["Olga"])).toBe("Olga takes part in this conversation.");
    expect(watchersText(["Olga", "Sam"])).toBe("Olga, Sam take part in this conversation.");
    expect(sentText(1)).toBe("The message is on its way to 1 agent.");
    expect(sentText(3)).toBe("The message is on its way to 3 agents.");
  });
});
