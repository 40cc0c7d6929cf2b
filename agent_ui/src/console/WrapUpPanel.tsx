/** After the conversation: choose the disposition, finish. The countdown is the server's; when it ends, so does wrap-up. */

import { Button, Radio } from "@mantine/core";
import { type FormEvent, type KeyboardEvent, useEffect, useState } from "react";
import { CountdownBar, Since, Until } from "../parts/Age";
import type { ContactView, DeskView } from "../protocol";
import { spoken } from "../state/durations";
import { keysOf } from "../state/shortcuts";
import { useBusy, useLive, useOffset, useSend } from "./desk";
import type { Note } from "./NotePanel";
import { submitForm } from "./OptionInputs";
import { FOCUS_IDS, takesText } from "./Shortcuts";
import { keepDisposition, keptDisposition } from "./wrapUp";

export function WrapUpPanel({ view, contact, note }: { view: DeskView; contact: ContactView; note: Note }) {
  const [disposition, setDisposition] = useState(() => keptDisposition(contact.id) ?? contact.disposition);
  const offset = useOffset();
  const live = useLive();
  const send = useSend();
  const busy = useBusy("finish");
  const { dispositions } = contact;
  const { since, until } = view.presence;
  const complete = disposition !== "" || dispositions.length === 0;

  useEffect(() => {
    if (takesText(document.activeElement)) return; // somebody is writing: Alt+F and Tab lead here
    document.querySelector<HTMLElement>("[data-first-disposition]")?.focus({ preventScroll: true });
  }, []);

  const choose = (id: string) => {
    setDisposition(id);
    keepDisposition(contact.id, id);
    if (live) void send({ type: "choose-disposition", contact: contact.id, disposition: id });
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" && complete) return submitForm(event);
    const chosen = dispositions[Number(event.key) - 1];
    if (chosen !== undefined) choose(chosen.id);
  };
  const finish = async (event: FormEvent) => {
    event.preventDefault();
    if (!live || busy || !complete) return;
    const problem = await send({ type: "finish", contact: contact.id, disposition, note: note.state.text });
    if (problem === null) keepDisposition(contact.id, null);
  };
  return (
    <section className="card wrap-up" aria-labelledby="wrap-up-title" data-testid="wrap-up" data-keeps-focus>
      <div className="card-head">
        <h2 id="wrap-up-title" className="card-kicker">
          Wrap-up · {contact.caller_name || contact.caller_number || "Unknown caller"}
        </h2>
        <span className="quiet">
          {until === null ? (
            <Since since={since} offset={offset} />
          ) : (
            <>
              <Until since={since} until={until} offset={offset} testid="wrap-up-countdown" /> left
            </>
          )}
        </span>
      </div>
      {until !== null && <CountdownBar since={since} until={until} offset={offset} />}
      <form onSubmit={finish}>
        <Radio.Group
          value={disposition}
          onChange={choose}
          onKeyDown={pressed}
          label="What came of it?"
          className="dispositions"
          data-testid="dispositions"
        >
          <div className="disposition-list">
            {dispositions.map((choice, index) => (
              <Radio.Card
                key={choice.id}
                value={choice.id}
                className="option"
                data-size="sm"
                {...(index === 0 ? { "data-first-disposition": true } : {})}
                data-testid={`disposition-${choice.id}`}
              >
                <Radio.Indicator size="sm" />
                <span className="option-label">{choice.name}</span>
                {index < 9 && <kbd className="key">{index + 1}</kbd>}
              </Radio.Card>
            ))}
          </div>
        </Radio.Group>
        <div className="dialog-buttons">
          <Button
            type="submit"
            id={FOCUS_IDS.finish}
            size="md"
            loading={busy}
            disabled={!live || !complete}
            aria-keyshortcuts={keysOf("finish")}
            title={keysOf("finish")}
            data-testid="finish"
          >
            Finish <kbd className="key key-light">{keysOf("finish")}</kbd>
          </Button>
          <ExtendButton contact={contact} />
          {!complete && <span className="quiet">Choose what came of it first.</span>}
        </div>
      </form>
    </section>
  );
}

function ExtendButton({ contact }: { contact: ContactView }) {
  const live = useLive();
  const send = useSend();
  const busy = useBusy("extend-wrap-up");
  if (contact.extension_seconds === 0) return null;
  const left = contact.extensions_left;
  return (
    <Button
      id={FOCUS_IDS.extend}
      size="md"
      variant="default"
      loading={busy}
      disabled={!live || left === 0}
      onClick={() => void send({ type: "extend-wrap-up", contact: contact.id })}
      aria-keyshortcuts={keysOf("extend")}
      title={left === 0 ? "It cannot be extended any more" : `${keysOf("extend")}: ${left} more`}
      data-testid="extend-wrap-up"
    >
      {spoken(contact.extension_seconds)} longer <kbd className="key">{keysOf("extend")}</kbd>
    </Button>
  );
}
