/** Which phone the agent uses, and whether it can be reached. */

import { Button, Menu } from "@mantine/core";
import { useState } from "react";
import { Icon } from "../parts/icons";
import type { StationView } from "../protocol";
import { standingOf, stationName } from "../state/station";
import { useBusy, useDeskState, useLive, usePhoneState, useSend } from "./desk";
import { StationDialog } from "./StationDialog";

export function StationMenu() {
  const station = useDeskState((state) => state.view?.station ?? null);
  const talking = useDeskState((state) => state.view?.contact != null);
  const phone = usePhoneState((state) => state);
  const live = useLive();
  const choosing = useBusy("choose-station");
  const opening = useBusy("open-line");
  const send = useSend();
  const [typing, setTyping] = useState(false);
  if (station === null) return null;
  const { reach, text } = standingOf(station, phone);
  const sip = (nailed_up: boolean) =>
    void send({ type: "choose-station", kind: "sip", number: "", nailed_up });
  return (
    <>
      <Menu position="bottom-end" withinPortal withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <Button
            variant="subtle"
            color="gray"
            loading={choosing || opening}
            leftSection={<span className="dot" data-reach={reach} />}
            rightSection={<Icon name="down" size={14} />}
            data-testid="station"
            data-state={station.kind}
            data-reach={reach}
            data-line={station.line}
            className="station-button"
          >
            <span className="station-name">{stationName(station)}</span>
            <span className="station-reach">{text}</span>
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{talking ? "Your phone, from the next contact on" : "Your phone"}</Menu.Label>
          <Choice
            chosen={station.kind === "browser"}
            live={live}
            testid="station-browser"
            choose={() =>
              void send({ type: "choose-station", kind: "browser", number: "", nailed_up: false })
            }
          >
            Browser phone
          </Choice>
          <Choice
            chosen={station.kind === "sip" && !station.nailed_up}
            live={live}
            testid="station-sip"
            choose={() => sip(false)}
          >
            SIP phone
          </Choice>
          {station.lines && (
            <Choice
              chosen={station.kind === "sip" && station.nailed_up}
              live={live}
              testid="station-sip-line"
              choose={() => sip(true)}
            >
              SIP phone, line kept open
            </Choice>
          )}
          {station.numbers && (
            <Choice
              chosen={station.kind === "number"}
              live={live}
              testid="station-number"
              choose={() => setTyping(true)}
            >
              Telephone number…
            </Choice>
          )}
          <LineItem station={station} live={live} open={() => void send({ type: "open-line" })} />
        </Menu.Dropdown>
      </Menu>
      {typing && <StationDialog station={station} close={() => setTyping(false)} />}
    </>
  );
}

interface ChoiceProps {
  chosen: boolean;
  live: boolean;
  testid: string;
  choose: () => void;
  children: string;
}

function Choice({ chosen, live, testid, choose, children }: ChoiceProps) {
  return (
    <Menu.RadioItem
      value={testid}
      checked={chosen}
      closeMenuOnClick
      checkIcon={<Icon name="check" size={16} />}
      disabled={!live}
      onClick={choose}
      data-testid={testid}
    >
      {children}
    </Menu.RadioItem>
  );
}

/** Calls the telephone again whose line is closed; being ready does so, too. */
function LineItem({ station, live, open }: { station: StationView; live: boolean; open: () => void }) {
  if (!station.nailed_up || station.line !== "closed") return null;
  return (
    <>
      <Menu.Divider />
      <Menu.Item
        leftSection={<Icon name="phone" size={16} />}
        disabled={!live}
        onClick={open}
        data-testid="open-line"
      >
        Open the line now
      </Menu.Item>
    </>
  );
}
