/** Let the customer go on with the dialog on the web, and take it back from there. */

import { Button, TextInput } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { Icon } from "../parts/icons";
import { useNow } from "../parts/useNow";
import type { DialogView } from "../protocol";
import { linkFailed, linkText, showsLink } from "../state/sharing";
import { keysOf } from "../state/shortcuts";
import { useBusy, useLive, useOffset, useSend } from "./desk";
import { FOCUS_IDS } from "./Shortcuts";

/** While the customer leads it, the agent looks on. */
export function LedOnTheWeb({ dialog }: { dialog: DialogView }) {
  const send = useSend();
  const live = useLive();
  const busy = useBusy("take-dialog-back");
  const status = useRef<HTMLParagraphElement>(null);
  // The input that had the focus is gone. Not the button: an Enter meant for the answer would take the dialog back.
  useEffect(() => {
    if (document.activeElement === document.body) status.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div data-testid="led-on-the-web">
      <p ref={status} tabIndex={-1} className="dialog-over" role="status">
        <Icon name="screen" /> The customer goes on with this on the web. You see each answer as it comes.
      </p>
      {dialog.turn.texts.length > 0 && (
        <div className="looked-on">
          <p className="card-kicker">On the customer’s page now</p>
          <div lang={dialog.language}>
            {dialog.turn.texts.map((text, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: texts have no identity but their place
              <p key={index}>{text}</p>
            ))}
          </div>
        </div>
      )}
      <div role="alert">
        {dialog.link_state === "" && dialog.link_problem !== "" && (
          <p className="item-error">
            <Icon name="warning" /> {dialog.link_problem}
          </p>
        )}
      </div>
      <Button
        size="md"
        variant="default"
        leftSection={<Icon name="back" />}
        loading={busy}
        disabled={!live}
        onClick={() => void send({ type: "take-dialog-back", run: dialog.run })}
        id={FOCUS_IDS.dialog}
        data-testid="take-dialog-back"
      >
        Take it back
      </Button>
    </div>
  );
}

export function SharePanel({ dialog, address }: { dialog: DialogView; address: string }) {
  const [typed, setTyped] = useState<string | null>(null);
  const [refused, setRefused] = useState("");
  const problem = useId();
  const send = useSend();
  const live = useLive();
  const busy = useBusy("share-dialog");
  // The customer's card may come after the dialog.
  const to = (typed ?? address).trim();
  const share = async (whom: string) => {
    const refusal = await send({ type: "share-dialog", run: dialog.run, to: whom });
    setRefused(refusal?.message ?? "");
    if (refusal !== null && whom !== "") document.getElementById(FOCUS_IDS.share)?.focus();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (live && !busy && to !== "") void share(to);
  };
  return (
    <div className="share" data-testid="share" data-keeps-focus>
      <details>
        <summary aria-keyshortcuts={keysOf("share")} title={keysOf("share")}>
          Let the customer go on with this on the web
        </summary>
        <form onSubmit={submit} className="share-form" noValidate>
          <TextInput
            id={FOCUS_IDS.share}
            className="share-to"
            label="E-mail address or mobile number"
            value={typed ?? address}
            error={refused !== ""}
            aria-describedby={problem}
            autoComplete="off"
            onChange={(event) => {
              setTyped(event.currentTarget.value);
              setRefused("");
            }}
            data-testid="share-to"
          />
          <p role="alert" id={problem} className="field-problem share-problem">
            {refused}
          </p>
          <div className="share-buttons">
            <Button type="submit" loading={busy} disabled={!live || to === ""} data-testid="share-send">
              Send link
            </Button>
            <Button
              variant="default"
              disabled={!live || busy}
              onClick={() => void share("")}
              data-testid="share-show"
            >
              Show link
            </Button>
          </div>
        </form>
      </details>
      <LinkStatus dialog={dialog} />
    </div>
  );
}

/** Outside of what can be folded: a link that could not be sent must be seen. */
function LinkStatus({ dialog }: { dialog: DialogView }) {
  const now = useNow() + useOffset();
  const failed = linkFailed(dialog);
  const text = linkText(dialog, now);
  return (
    <div
      className="share-status"
      role="status"
      data-state={dialog.link_state}
      data-failed={failed}
      data-testid="share-status"
    >
      {text !== "" && (
        <p>
          <Icon name={failed ? "warning" : "screen"} /> {text}
        </p>
      )}
      {showsLink(dialog) && (
        <div className="share-link">
          <code data-testid="share-link">{dialog.link}</code>
          <CopyLink link={dialog.link} />
        </div>
      )}
    </div>
  );
}

/** Browsers let a page copy only where it came by https, or from this machine. */
function CopyLink({ link }: { link: string }) {
  const clipboard = useClipboard({ timeout: 3_000 });
  if (!window.isSecureContext) return null;
  return (
    <Button size="compact-sm" variant="default" onClick={() => clipboard.copy(link)} data-testid="share-copy">
      {clipboard.copied ? "Copied" : "Copy link"}
    </Button>
  );
}
