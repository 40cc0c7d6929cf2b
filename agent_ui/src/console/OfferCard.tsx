/** An incoming call: who, for what, how long it has waited, how long it rings. */

import { Button } from "@mantine/core";
import { CountdownBar, Since, Until } from "../parts/Age";
import { Icon } from "../parts/icons";
import type { ContactView, DeskView } from "../protocol";
import { keysOf } from "../state/shortcuts";
import { offerHint } from "../state/station";
import { ACTION_COLORS } from "../theme";
import { useContactActions } from "./actions";
import { useBusy, useLive, useOffset, usePhoneState } from "./desk";
import { WhyPanel } from "./WhyPanel";

export function OfferCard({ view, contact }: { view: DeskView; contact: ContactView }) {
  const actions = useContactActions();
  const offset = useOffset();
  const live = useLive();
  const declining = useBusy("decline");
  const accepted = usePhoneState((state) => state.accepted === contact.id);
  const accepting = useBusy("accept") || accepted;
  const hint = offerHint(view.station);
  const { since, until } = view.presence;
  return (
    <section
      className="card offer"
      aria-labelledby="offer-title"
      data-testid="offer"
      data-contact={contact.id}
    >
      <h2 id="offer-title" className="card-kicker">
        {contact.from_agent === ""
          ? "Incoming call"
          : contact.purpose === "consult"
            ? `${contact.from_agent} asks you about a customer`
            : `${contact.from_agent} transfers a customer`}
        {" · "}
        {contact.queue_name}
      </h2>
      <div className="offer-who" data-testid="offer-caller">
        {view.customer?.name || contact.caller_name || contact.caller_number || "Unknown caller"}
      </div>
      <dl className="facts facts-wide">
        <dt>Number</dt>
        <dd className="figure">{contact.caller_number || "withheld"}</dd>
        <dt>Called</dt>
        <dd>{contact.entry_point || "–"}</dd>
        <dt>Waiting for</dt>
        <dd>
          <Since since={contact.queued_at} offset={offset} testid="offer-waiting" />
        </dd>
        {until !== null && (
          <>
            <dt>Rings for another</dt>
            <dd>
              <Until since={since} until={until} offset={offset} testid="ring-countdown" />
            </dd>
          </>
        )}
      </dl>
      {until !== null && <CountdownBar since={since} until={until} offset={offset} />}
      {hint !== "" && <p className="offer-hint">{hint}</p>}
      <WhyPanel why={contact.why} queue={contact.queue_name} />
      <div className="offer-buttons">
        {!view.station.nailed_up && (
          <Button
            size="xl"
            color={ACTION_COLORS.go}
            leftSection={<Icon name="phone" size={22} />}
            loading={accepting}
            disabled={!live}
            onClick={() => actions.accept(contact)}
            aria-keyshortcuts={keysOf("accept")}
            data-testid="accept"
          >
            Accept <kbd className="key">{keysOf("accept")}</kbd>
          </Button>
        )}
        <Button
          size="xl"
          variant="default"
          leftSection={<Icon name="hangUp" size={22} />}
          loading={declining}
          disabled={!live || accepting}
          onClick={() => actions.decline(contact)}
          aria-keyshortcuts={keysOf("decline")}
          data-testid="decline"
        >
          Decline <kbd className="key">{keysOf("decline")}</kbd>
        </Button>
      </div>
    </section>
  );
}
