/** Choosing a telephone number at which the agent is called, and whether its line is kept open. */

import { Button, Checkbox, Modal, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { StationView } from "../protocol";
import { useBusy, useLive, useSend } from "./desk";

export function StationDialog({ station, close }: { station: StationView; close: () => void }) {
  const send = useSend();
  const live = useLive();
  const busy = useBusy("choose-station");
  const [number, setNumber] = useState(station.number);
  const [keptOpen, setKeptOpen] = useState(station.nailed_up && station.lines);
  const [problem, setProblem] = useState("");
  const choose = async (event: FormEvent) => {
    event.preventDefault();
    const refused = await send({ type: "choose-station", kind: "number", number, nailed_up: keptOpen });
    if (refused === null) close();
    else setProblem(refused.message);
  };
  return (
    <Modal opened onClose={close} title="Your telephone" closeButtonProps={{ "aria-label": "Close" }}>
      <form onSubmit={(event) => void choose(event)}>
        <TextInput
          label="Number"
          description="With country code, like +49 30 1234567"
          type="tel"
          autoComplete="tel"
          value={number}
          onChange={(event) => {
            setNumber(event.currentTarget.value);
            setProblem("");
          }}
          error={problem === "" ? null : problem}
          data-autofocus
          data-testid="station-number-text"
        />
        {station.lines && (
          <Checkbox
            mt="md"
            label="Keep the line open between calls"
            description="Your telephone is called once; calls are then put through without ringing."
            checked={keptOpen}
            onChange={(event) => setKeptOpen(event.currentTarget.checked)}
            data-testid="station-keep-open"
          />
        )}
        {station.confirm_key !== "" && (
          <p className="offer-hint">
            When you pick up, press {station.confirm_key}: so no mailbox takes a call.
          </p>
        )}
        <Button
          type="submit"
          mt="md"
          loading={busy}
          disabled={!live || number.trim() === ""}
          data-testid="station-number-use"
        >
          Use this telephone
        </Button>
      </form>
    </Modal>
  );
}
