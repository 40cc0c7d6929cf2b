import { expect, test } from "vitest";
import { callBackHint, OFFER_WORDS, offeredIn, offeredKind, ringsHere } from "../src/state/offers";
import { deskLook, presenceLook } from "../src/state/presence";
import { isPossible } from "../src/state/shortcuts";
import { contact, desk, messageOffer } from "./samples";

test("a call and a message are offered alike", () => {
  expect(offeredIn(desk())).toBeNull();
  expect(offeredIn(desk({ contact: contact() }))).toBeNull();
  expect(offeredIn(desk({ contact: contact({ phase: "offered", caller_name: "Ada" }) }))).toEqual({
    id: "c1",
    kind: "call",
    who: "Ada",
    queue: "Meter reading",
  });
  const hidden = messageOffer({ number: "" });
  expect(offeredIn(desk({ message_offer: hidden }))).toEqual({
    id: "voicemail-1",
    kind: "message",
    who: "a hidden number",
    queue: "Billing",
  });
});

test("a call-back is no incoming call, and what comes next is told", () => {
  const promised = contact({ phase: "offered", caller_name: "Ada", called_back: true, reached: false });
  const offered = offeredIn(desk({ contact: promised }));
  expect(offered?.kind).toBe("call-back");
  expect(OFFER_WORDS["call-back"]).toMatchObject({ name: "Call-back", way: "to" });
  expect(ringsHere(offered, "browser")).toBe(true);
  expect(callBackHint(promised)).toMatch(/phone rings once you have answered/);
  expect(callBackHint({ ...promised, reached: true })).toMatch(/is on the line/);
  expect(callBackHint(contact({ phase: "offered" }))).toBe("");
});

test("a message rings in the browser wherever the phone is", () => {
  const message = offeredIn(desk({ message_offer: messageOffer() }));
  const call = offeredIn(desk({ contact: contact({ phase: "offered" }) }));
  expect([ringsHere(message, "sip"), ringsHere(message, "browser")]).toEqual([true, true]);
  expect([ringsHere(call, "sip"), ringsHere(call, "browser")]).toEqual([false, true]);
  expect(ringsHere(null, "browser")).toBe(false);
});

test("the keys of an offer take and decline a message", () => {
  const asked = desk({ message_offer: messageOffer() });
  expect(isPossible("accept", asked)).toBe(true);
  expect(isPossible("decline", asked)).toBe(true);
  expect(isPossible("hang-up", asked)).toBe(false);
  expect(isPossible("voicemails", asked)).toBe(false);
});

test.each([
  ["a call", desk({ contact: contact({ phase: "offered" }) }), "Incoming call"],
  [
    "a customer whom a colleague gives away",
    desk({ contact: contact({ phase: "offered", from_agent: "Ben", purpose: "transfer" }) }),
    "Transfer",
  ],
  [
    "a question of a colleague",
    desk({ contact: contact({ phase: "offered", from_agent: "Ben", purpose: "consult" }) }),
    "Consultation",
  ],
  ["a call-back", desk({ contact: contact({ phase: "offered", called_back: true }) }), "Call-back"],
  ["a message", desk({ message_offer: messageOffer() }), "Message"],
])("the presence tells that what is offered is %s", (_, view, label) => {
  expect(presenceLook("offered", offeredKind(view)).label).toBe(label);
});

test("what was offered before does not matter once nothing is", () => {
  expect(presenceLook("talking", "message").label).toBe("Talking");
  expect(presenceLook("offered", null).label).toBe("Incoming call");
  expect(offeredKind(desk({ contact: contact() }))).toBeNull();
});

test("who calls somebody is told so, and not of an incoming call", () => {
  const offered = { ...desk().presence, presence: "offered" as const };
  expect(deskLook(desk({ presence: offered, contact: contact({ phase: "dialling" }) })).label).toBe(
    "Calling",
  );
  expect(deskLook(desk({ presence: offered, contact: contact({ phase: "offered" }) })).label).toBe(
    "Incoming call",
  );
  expect(deskLook(desk({ contact: contact({ phase: "held" }) }))).toEqual({
    label: "On hold",
    icon: "pause",
  });
});
