import { expect, test } from "vitest";
import type { VoicemailLine } from "../src/protocol";
import {
  callerOf,
  goalsOf,
  ownerText,
  shownVoicemails,
  skillsText,
  voicemailChanges,
} from "../src/state/voicemails";

function line(change: Partial<VoicemailLine> = {}): VoicemailLine {
  return {
    id: "voicemail-1",
    origin: "1",
    number: "+4930555001",
    name: "",
    customer: null,
    queue: "billing",
    queue_name: "Billing",
    owner: null,
    owner_name: "",
    priority: 0,
    skills: {},
    run: null,
    language: "en",
    state: "open",
    received_at: "2026-03-01T09:30:00Z",
    seconds: 12,
    sound: true,
    text: "",
    agent: null,
    agent_name: "",
    listened_at: null,
    call: null,
    replied_at: null,
    ended_at: null,
    disposition: "",
    note: "",
    dispositions: [],
    version: 2,
    ...change,
  };
}

test("one's own come first, those of others are not shown, the rest keeps the server's order", () => {
  const lines = [
    line({ id: "urgent", priority: 5 }),
    line({ id: "theirs", state: "taken", agent: "ben" }),
    line({ id: "old" }),
    line({ id: "mine", state: "taken", agent: "anna" }),
  ];
  expect(shownVoicemails(lines, "anna", null).map((one) => one.id)).toEqual(["mine", "urgent", "old"]);
});

test("a caller is called by name, else by number, else by what he hides", () => {
  expect(callerOf(line({ name: "Mira" }))).toBe("Mira");
  expect(callerOf(line())).toBe("+4930555001");
  expect(callerOf(line({ number: "" }))).toBe("a hidden number");
});

test("a message tells for whom it is and what is needed", () => {
  expect(ownerText(line(), "anna")).toBe("");
  expect(ownerText(line({ owner: "anna", owner_name: "Anna" }), "anna")).toBe("for you");
  expect(ownerText(line({ owner: "ben", owner_name: "Ben" }), "anna")).toBe("for Ben");
  expect(skillsText(line({ skills: { german: 5, gas: 2 } }))).toBe("german 5, gas 2");
});

test("the list is read again when a message is not what it was", () => {
  expect(voicemailChanges([{ voicemail_changes: 3 }, { voicemail_changes: 3 }])).toBe(3);
  expect(voicemailChanges([])).toBe(0);
});

test("a message can be given to other queues and to the agents of its own", () => {
  const queues = [
    { id: "billing", name: "Billing" },
    { id: "meter", name: "Meter" },
  ];
  const agents = [
    { id: "anna", name: "Anna", queues: ["billing"] },
    { id: "ben", name: "Ben", queues: ["meter"] },
  ];
  expect(goalsOf(line(), queues, agents).map((goal) => goal.value)).toEqual(["queue meter", "agent anna"]);
  const taken = goalsOf(line({ state: "taken", agent: "anna" }), queues, agents);
  expect(taken.map((goal) => goal.value)).toEqual(["queue billing", "queue meter", "agent anna"]);
});

test("the message she has accepted comes first", () => {
  const lines = ["older", "accepted"].map((id) => line({ id, state: "taken", agent: "anna" }));
  expect(shownVoicemails(lines, "anna", "accepted").map((one) => one.id)).toEqual(["accepted", "older"]);
});
