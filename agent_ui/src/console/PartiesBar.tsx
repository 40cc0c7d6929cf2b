/** Who else is in the call, or called into it, and what can be done: change, confer, complete, end. */

import { Button } from "@mantine/core";
import { Icon } from "../parts/icons";
import type { ContactView } from "../protocol";
import { partyText, pendingParty, transferChoices } from "../state/transfers";
import { useBusy, useLive, useSend } from "./desk";
import { FOCUS_IDS } from "./Shortcuts";

export function PartiesBar({ contact }: { contact: ContactView }) {
  const send = useSend();
  const live = useLive();
  const busy = useBusy("toggle", "conference", "complete-transfer", "drop-party");
  if (contact.parties.length === 0) return null;
  const may = transferChoices(contact);
  const pending = pendingParty(contact);
  const ask = (type: "toggle" | "conference" | "complete-transfer") =>
    void send({ type, contact: contact.id });
  return (
    <section
      className="parties"
      aria-label="Others in the call"
      id={FOCUS_IDS.parties}
      tabIndex={-1}
      data-testid="parties"
    >
      <ul className="parties-list" aria-live="polite">
        {contact.parties.map((party) => (
          <li key={party.id} data-testid="party" data-state={party.state}>
            <Icon name="person" /> {party.name} <span className="quiet">{partyText(party)}</span>
            {contact.mine && party.state === "joined" && party.id > 0 && (
              <Button
                size="compact-xs"
                variant="subtle"
                disabled={!live}
                onClick={() => void send({ type: "drop-party", contact: contact.id, party: party.id })}
                aria-label={`Remove ${party.name} from the conference`}
                data-testid="drop-party"
              >
                Remove
              </Button>
            )}
          </li>
        ))}
      </ul>
      {contact.mine && (
        <div className="parties-buttons">
          {may.toggle && (
            <Button
              variant="default"
              disabled={!live || busy}
              onClick={() => ask("toggle")}
              data-testid="toggle"
            >
              {pending?.state === "consulted" ? "Back to the customer" : `Back to ${pending?.name}`}
            </Button>
          )}
          {may.conference && (
            <Button
              variant="default"
              disabled={!live || busy}
              onClick={() => ask("conference")}
              data-testid="confer"
            >
              Conference
            </Button>
          )}
          {may.complete && (
            <Button disabled={!live || busy} onClick={() => ask("complete-transfer")} data-testid="complete">
              {pending === null ? "Leave the conference" : "Complete transfer"}
            </Button>
          )}
          {may.cancel && (
            <Button
              variant="default"
              disabled={!live || busy}
              onClick={() => void send({ type: "drop-party", contact: contact.id, party: 0 })}
              data-testid="cancel-consult"
            >
              {pending?.state === "ringing" ? "Stop ringing" : `Hang up on ${pending?.name}`}
            </Button>
          )}
        </div>
      )}
    </section>
  );
}
