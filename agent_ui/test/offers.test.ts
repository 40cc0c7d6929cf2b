import { expect, test } from "vitest";
import { offeredIn, ringsHere } from "../src/state/offers";
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
