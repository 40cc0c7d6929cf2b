/** A message that an agent is asked to take, as she is asked to take a call. */

import { CountdownBar, Since, Until } from "../parts/Age";
import type { DeskView, MessageOfferView } from "../protocol";
import { clock } from "../state/durations";
import { offeredIn } from "../state/offers";
import { useContactActions } from "./actions";
import { useOffset } from "./desk";
import { OfferButtons } from "./OfferButtons";
import { WhyPanel } from "./WhyPanel";

export function MessageOffer({ view, offer }: { view: DeskView; offer: MessageOfferView }) {
  const actions = useContactActions();
  const offset = useOffset();
  const { since, until } = view.presence;
  return (
    <section
      className="card offer"
      aria-labelledby="message-offer-title"
      data-testid="message-offer"
      data-contact={offer.id}
    >
      <h2 id="message-offer-title" className="card-kicker">
        {offer.for_me ? "Message for you" : "Message"} · {offer.queue_name}
      </h2>
      <div className="offer-who" data-testid="message-offer-caller">
        {offeredIn(view)?.who}
      </div>
      <dl className="facts facts-wide">
        <dt>Number</dt>
        <dd className="figure">{offer.number || "withheld"}</dd>
        <dt>Left</dt>
        <dd>
          <Since since={offer.received_at} offset={offset} testid="message-offer-age" /> ago
        </dd>
        <dt>Length</dt>
        <dd>{clock(offer.seconds)}</dd>
        {until !== null && (
          <>
            <dt>Offered for another</dt>
            <dd>
              <Until since={since} until={until} offset={offset} testid="ring-countdown" />
            </dd>
          </>
        )}
      </dl>
      {until !== null && <CountdownBar since={since} until={until} offset={offset} />}
      <p className="offer-hint">
        If you accept it, it opens here, and no calls come to you until you are done with it.
      </p>
      {!offer.for_me && <WhyPanel why={offer.why} queue={offer.queue_name} />}
      <OfferButtons
        kind="message"
        accept={() => actions.acceptMessage(offer.id)}
        decline={() => actions.decline(offer)}
      />
    </section>
  );
}
