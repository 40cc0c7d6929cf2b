/** Calling somebody: for which queue, which number. The agent's own phone rings first. */

import { Button, NativeSelect, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { focusIsLost } from "../parts/focus";
import { Icon } from "../parts/icons";
import type { ContactView, DeskView } from "../protocol";
import { keysOf } from "../state/shortcuts";
import { dialHint } from "../state/station";
import { typedNumber } from "../state/transfers";
import { ACTION_COLORS } from "../theme";
import { useContactActions } from "./actions";
import { useBusy, useLive, useSend } from "./desk";

export function CallOut({ view }: { view: DeskView }) {
  const send = useSend();
  const live = useLive();
  const busy = useBusy("call-out");
  const [text, setText] = useState("");
  const [queue, setQueue] = useState(view.queues[0]?.id ?? "");
  const number = typedNumber(text);
  const call = (event: FormEvent) => {
    event.preventDefault();
    if (number !== null) void send({ type: "call-out", number, queue });
  };
  return (
    <form className="card call-out" onSubmit={call} aria-label="Call somebody" data-testid="call-out">
      <TextInput
        label="Call a number"
        type="tel"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        error={text !== "" && number === null ? "Digits, with + before them where needed" : null}
        autoComplete="off"
        data-testid="call-out-number"
      />
      {view.queues.length > 1 && (
        <NativeSelect
          label="For"
          value={queue}
          onChange={(event) => setQueue(event.currentTarget.value)}
          data={view.queues.map((tile) => ({ value: tile.id, label: tile.name }))}
          data-testid="call-out-queue"
        />
      )}
      <Button
        type="submit"
        leftSection={<Icon name="phone" />}
        disabled={!live || number === null}
        loading={busy}
        data-testid="call-out-go"
      >
        Call
      </Button>
    </form>
  );
}

/** The customer's phone, or first the agent's own, rings. */
export function Dialling({ view, contact }: { view: DeskView; contact: ContactView }) {
  const actions = useContactActions();
  const live = useLive();
  const hint = dialHint(view.station);
  const here = useRef<HTMLElement>(null);
  useEffect(() => {
    // The form that called is gone.
    if (focusIsLost()) here.current?.focus({ preventScroll: true });
  }, []);
  return (
    <section
      ref={here}
      tabIndex={-1}
      className="card offer"
      aria-labelledby="dialling-title"
      data-testid="dialling"
    >
      <h2 id="dialling-title" className="card-kicker" role="status">
        Calling · {contact.queue_name}
      </h2>
      <div className="offer-who">{view.customer?.name || contact.caller_number}</div>
      {hint !== "" && <p className="offer-hint">{hint}</p>}
      <Button
        color={ACTION_COLORS.end}
        leftSection={<Icon name="hangUp" />}
        disabled={!live}
        onClick={() => actions.hangUp(contact)}
        aria-keyshortcuts={keysOf("hang-up")}
        data-testid="stop-calling"
      >
        Stop calling
      </Button>
    </section>
  );
}
