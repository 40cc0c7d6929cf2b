/** Let the customer go on with the dialog on the web, and take it back from there. */

import { Button, TextInput } from "@mantine/core";
import { type FormEvent, useId, useState } from "react";
import { Icon } from "../parts/icons";
import type { DialogView } from "../protocol";
import { useBusy, useLive, useSend } from "./desk";

/** While the customer leads it, the agent looks on. */
export function LedOnTheWeb({ dialog }: { dialog: DialogView }) {
  const send = useSend();
  const live = useLive();
  const busy = useBusy("take-dialog-back");
  return (
    <div data-testid="led-on-the-web">
      <p className="dialog-over" role="status">
        <Icon name="screen" /> The customer goes on with this on the web. You see each answer as it comes.
      </p>
      <div className="texts" lang={dialog.language}>
        {dialog.turn.texts.map((text) => (
          <p key={text}>{text}</p>
        ))}
      </div>
      {dialog.link_problem !== "" && <p role="alert">{dialog.link_problem}</p>}
      <Button
        size="md"
        loading={busy}
        disabled={!live}
        onClick={() => void send({ type: "take-dialog-back", run: dialog.run })}
        data-testid="take-dialog-back"
      >
        Take it back
      </Button>
    </div>
  );
}

export function SharePanel({ dialog, address }: { dialog: DialogView; address: string }) {
  const [to, setTo] = useState(address);
  const send = useSend();
  const live = useLive();
  const busy = useBusy("share-dialog");
  const status = useId();
  const share = (whom: string) => void send({ type: "share-dialog", run: dialog.run, to: whom });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (live && !busy && to.trim() !== "") share(to.trim());
  };
  return (
    <details className="share" data-testid="share" data-keeps-focus>
      <summary>Let the customer go on with this on the web</summary>
      <form onSubmit={submit} className="share-form">
        <TextInput
          label="E-mail address or mobile number"
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
          aria-describedby={status}
          data-testid="share-to"
        />
        <Button type="submit" loading={busy} disabled={!live || to.trim() === ""} data-testid="share-send">
          Send link
        </Button>
        <Button variant="default" disabled={!live || busy} onClick={() => share("")} data-testid="share-show">
          Show link
        </Button>
      </form>
      <div id={status} role="status" data-testid="share-status">
        {dialog.link_problem !== "" && <p>{dialog.link_problem}</p>}
        {dialog.link !== "" && dialog.link_sent_to !== "" && <p>Sent to {dialog.link_sent_to}.</p>}
        {dialog.link !== "" && dialog.link_sent_to === "" && (
          <p>
            Opens once: <code>{dialog.link}</code>
          </p>
        )}
      </div>
    </details>
  );
}
