import { expect, test } from "vitest";
import { linkFailed, linkText, mayBeShared, showsLink } from "../src/state/sharing";
import { dialog } from "./samples";

const NOW = Date.parse("2026-03-01T10:00:00");
const MADE = { link: "https://caruso.example/s/resume/x", link_until: "2026-03-01T12:30:00" };
const TO = "ada@example.org";

test("a dialog can be shared while the agent leads it, and where it is made for the web", () => {
  expect(mayBeShared(dialog())).toBe(true);
  expect(mayBeShared(dialog({ shareable: false }))).toBe(false);
  expect(mayBeShared(dialog({ channel: "web" }))).toBe(false);
  expect(mayBeShared(dialog({ finished: true }))).toBe(false);
});

test("a link that is on its way is not called sent, and is shown only where nobody else brings it", () => {
  const sending = dialog({ ...MADE, link_state: "sending", link_to: TO });
  expect(linkText(sending, NOW)).toBe("The link is being sent to ada@example.org…");
  expect(showsLink(sending)).toBe(false);
  const sent = dialog({ ...MADE, link_state: "sent", link_to: TO });
  expect(linkText(sent, NOW)).toBe("The link was sent to ada@example.org. It opens once, until 12:30.");
  expect([showsLink(sent), linkFailed(sent)]).toEqual([false, false]);
  const shown = dialog({ ...MADE, link_state: "shown" });
  expect(linkText(shown, NOW)).toBe("The customer can open this link once, until 12:30:");
  expect([showsLink(shown), linkFailed(shown)]).toEqual([true, false]);
});

test("a link that could not be sent says why, whether there is hope, and is there to be passed on", () => {
  const problem = "The mail server cannot be reached.";
  const delayed = dialog({ ...MADE, link_state: "delayed", link_to: TO, link_problem: problem });
  expect(linkText(delayed, NOW)).toBe(
    "The link could not be sent to ada@example.org yet. The mail server cannot be reached. " +
      "It is tried again by itself. You can pass the link on yourself; it opens once:",
  );
  expect([showsLink(delayed), linkFailed(delayed)]).toEqual([true, true]);
  const failed = dialog({ ...MADE, link_state: "failed", link_to: TO });
  expect(linkText(failed, NOW)).toBe(
    "The link could not be sent to ada@example.org. You can pass the link on yourself; it opens once:",
  );
  expect([showsLink(failed), linkFailed(failed)]).toEqual([true, true]);
});

test("without a link there is only what went wrong with making it", () => {
  expect(linkText(dialog(), NOW)).toBe("");
  const none = dialog({ link_problem: "Too many." });
  expect(linkText(none, NOW)).toBe("Too many.");
  expect([showsLink(none), linkFailed(none)]).toEqual([false, true]);
});
