/** The link with which the customer goes on with a dialog: whether there may be one, and what became of it. */

import type { DialogView } from "../protocol";
import { moment } from "./durations";

/** Whether the agent leads it, and the customer could go on with it on the web. */
export function mayBeShared(dialog: DialogView): boolean {
  return dialog.shareable && dialog.channel !== "web" && !dialog.finished;
}

const PASS_ON = "You can pass the link on yourself; it opens once:";

/** What became of the newest link, in words; empty when there is none. `now` is the server's clock. */
export function linkText(dialog: DialogView, now: number): string {
  const { link_to: to, link_problem: problem } = dialog;
  switch (dialog.link_state) {
    case "shown":
      return `The customer can open this link once, until ${untilText(dialog, now)}:`;
    case "sending":
      return `The link is being sent to ${to}…`;
    case "sent":
      return `The link was sent to ${to}. It opens once, until ${untilText(dialog, now)}.`;
    case "delayed":
      return sentence(
        `The link could not be sent to ${to} yet.`,
        problem,
        `It is tried again by itself. ${PASS_ON}`,
      );
    case "failed":
      return sentence(`The link could not be sent to ${to}.`, problem, PASS_ON);
    default:
      return problem;
  }
}

/** Whether the link itself is of use to the agent: where no mail or message brings it. */
export function showsLink(dialog: DialogView): boolean {
  return ["shown", "delayed", "failed"].includes(dialog.link_state);
}

export function linkFailed(dialog: DialogView): boolean {
  return dialog.link_problem !== "" || dialog.link_state === "failed" || dialog.link_state === "delayed";
}

function untilText(dialog: DialogView, now: number): string {
  return dialog.link_until === null ? "it is used" : moment(dialog.link_until, now);
}

function sentence(...parts: string[]): string {
  return parts.filter((part) => part !== "").join(" ");
}
