import { describe, expect, it } from "vitest";
import { initialPhone } from "../src/phone/phoneState";
import { dialHint, offerHint, standingOf, stationName } from "../src/state/station";
import { station } from "./samples";

const phone = initialPhone;
const number = station({ kind: "number", reachable: null, number: "+4930123456" });
const line = { ...number, nailed_up: true };

describe("the agent's phone", () => {
  it("is named with its number", () => {
    expect(stationName(number)).toBe("Telephone +4930123456");
    expect(stationName(station({ kind: "sip" }))).toBe("SIP phone");
  });

  it("tells where a line that is kept open stands", () => {
    expect(standingOf({ ...line, line: "closed" }, phone).reach).toBe("bad");
    expect(standingOf({ ...line, line: "calling" }, phone).text).toBe("pick up and press 1");
    expect(standingOf({ ...line, kind: "sip", line: "calling" }, phone).text).toBe("pick up");
    expect(standingOf({ ...line, line: "open" }, phone)).toEqual({ reach: "good", text: "line open" });
  });

  it("tells what is to be done when a contact is offered", () => {
    expect(offerHint(number)).toBe("Pick up your telephone +4930123456 and press 1 to take the call.");
    expect(offerHint({ ...number, confirm_key: "" })).not.toContain("press");
    expect(offerHint(line)).toContain("by itself");
    expect(offerHint(station())).toBe("");
    expect(dialHint(number)).toContain("press 1");
    expect(dialHint(line)).toBe("");
    expect(dialHint(station({ kind: "sip" }))).toBe(
      "Your own phone rings first; pick it up, and the customer is called.",
    );
  });

  it("is reachable as the server tells", () => {
    expect(standingOf(station({ kind: "sip", reachable: null, fixed: true }), phone).text).toBe(
      "fixed address",
    );
    expect(standingOf(station({ kind: "sip", reachable: false }), phone).reach).toBe("bad");
  });
});
