/** The supervisor's own phone and what is heard on it: which phone, how to take part, how it ended. */

import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useCallback, useEffect, useRef } from "react";
import { useMaybeDesk } from "../console/desk";
import { Since } from "../parts/Age";
import { focusIsLost } from "../parts/focus";
import { Icon } from "../parts/icons";
import { navigate } from "../parts/routing";
import type { SupervisionRow } from "../protocol";
import { MODES, supervisionText } from "../state/supervision";
import type { StationChoice } from "./station";
import { useActions } from "./supervise";

/** Together with Alt and Shift: Alt alone belongs to the console. */
const KEYS: Record<string, "listen" | "whisper" | "barge" | "take-over" | "end"> = {
  KeyL: "listen",
  KeyW: "whisper",
  KeyB: "barge",
  KeyT: "take-over",
  KeyE: "end",
};

interface SupervisionBarProps {
  row: SupervisionRow | null;
  agent: string;
  offset: number;
  station: StationChoice;
}

export function SupervisionBar({ row, agent, offset, station }: SupervisionBarProps) {
  const actions = useActions();
  const desk = useMaybeDesk();
  const running = row !== null && row.stage !== "ended" ? row : null;
  const takeOver = useCallback(
    async (supervision: string) => {
      // The conversation is on the console from now on.
      if (await actions.takeOver(supervision)) navigate("/");
    },
    [actions],
  );
  useEffect(() => {
    if (running === null) return;
    const pressed = (event: KeyboardEvent) => {
      const wanted = event.altKey && event.shiftKey ? KEYS[event.code] : undefined;
      if (wanted === undefined) return;
      event.preventDefault();
      if (wanted === "end") actions.stop(running.id);
      else if (wanted === "take-over") void takeOver(running.id);
      else actions.changeMode(running.id, wanted);
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [running, actions, takeOver]);
  const bar = useRef<HTMLElement>(null);
  const id = running?.id ?? "";
  const before = useRef(id);
  useEffect(() => {
    // The button that began or ended it is gone, or disabled: what can be done next is here.
    if (before.current !== id && focusIsLost()) bar.current?.focus({ preventScroll: true });
    before.current = id;
  }, [id]);
  return (
    <section
      className="card supervision-bar"
      ref={bar}
      tabIndex={-1}
      aria-label="Listening"
      data-testid="supervision"
      data-stage={row?.stage ?? "none"}
      data-mode={row?.mode ?? ""}
    >
      <p role="status" className="supervision-text" data-testid="supervision-text">
        <Icon name="headset" />{" "}
        {row === null ? "Choose a call in progress to listen to it." : supervisionText(row, agent)}
        {running?.stage === "active" && (
          <>
            {" "}
            <span aria-hidden="true">
              <Since since={running.since} offset={offset} />
            </span>
          </>
        )}
      </p>
      {running === null ? (
        <PhoneChoice station={station} />
      ) : (
        <fieldset className="supervision-modes">
          <legend className="visually-hidden">How to take part</legend>
          {MODES.map(({ mode, name, told }) => (
            <Button
              key={mode}
              size="compact-md"
              variant={running.mode === mode ? "filled" : "default"}
              aria-pressed={running.mode === mode}
              aria-keyshortcuts={`Alt+Shift+${name.charAt(0)}`}
              title={`${told} (Alt+Shift+${name.charAt(0)})`}
              onClick={() => actions.changeMode(running.id, mode)}
              data-testid={`supervision-${mode}`}
            >
              {name}
            </Button>
          ))}
          {running.stage === "active" && desk !== null && (
            <Button
              size="compact-md"
              variant="default"
              aria-keyshortcuts="Alt+Shift+T"
              title="The agent leaves, and the conversation is on your console (Alt+Shift+T)"
              loading={actions.busy}
              onClick={() => void takeOver(running.id)}
              data-testid="supervision-take-over"
            >
              Take over
            </Button>
          )}
          <Button
            size="compact-md"
            variant="default"
            aria-keyshortcuts="Alt+Shift+E"
            title="Alt+Shift+E"
            onClick={() => actions.stop(running.id)}
            data-testid="supervision-end"
          >
            End
          </Button>
        </fieldset>
      )}
    </section>
  );
}

function PhoneChoice({ station }: { station: StationChoice }) {
  const desk = useMaybeDesk();
  return (
    <div className="supervision-phone">
      <NativeSelect
        label="Your phone"
        value={station.kind}
        onChange={(event) => station.choose(event.currentTarget.value)}
        data-testid="supervision-phone"
        data={[
          ...(desk === null
            ? []
            : [
                { value: "browser", label: "This browser" },
                { value: "sip", label: "My SIP phone" },
              ]),
          { value: "number", label: "A number" },
        ]}
      />
      {station.kind === "number" && (
        <TextInput
          label="Number"
          type="tel"
          autoComplete="tel"
          value={station.number}
          onChange={(event) => station.type(event.currentTarget.value)}
          data-testid="supervision-number"
        />
      )}
    </div>
  );
}
