/** An incoming call, or a call-back: who, for what, how long it has waited, how long it rings. */

import { CountdownBar, Since, Until } from "../parts/Age";
import type { ContactView, DeskView } from "../protocol";
import { callBackHint, OFFER_WORDS } from "../state/offers";
import { offerHint } from "../state/station";
import { useContactActions } from "./actions";
import { useOffset, usePhoneState } from "./desk";
import { OfferButtons } from "./OfferButtons";
import { WhyPanel } from "./WhyPanel";

export function OfferCard({ view, contact }: { view: DeskView; contact: ContactView }) {
  const actions = useContactActions();
  const offset = useOffset();
  const accepted = usePhoneState((state) => state.accepted === contact.id);
  const hint = offerHint(view.station);
  const next = callBackHint(contact);
  const kind = contact.called_back ? "call-back" : "call";
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
          ? OFFER_WORDS[kind].name
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
      {next !== "" && (
        <p className="offer-hint" data-testid="call-back-hint">
          {next}
        </p>
      )}
      {hint !== "" && <p className="offer-hint">{hint}</p>}
      <WhyPanel why={contact.why} queue={contact.queue_name} />
      <OfferButtons
        kind={kind}
        accepted={accepted}
        accept={view.station.nailed_up ? null : () => actions.accept(contact)}
        decline={() => actions.decline(contact)}
      />
    </section>
  );
}
