/** Which phone the agent uses, and whether it can be reached. */

import { Button, Menu } from "@mantine/core";
import { Icon } from "../parts/icons";
import type { PhoneState } from "../phone/phoneState";
import type { StationView } from "../protocol";
import { useBusy, useDeskState, useLive, usePhoneState, useSend } from "./desk";

const NAMES: Record<string, string> = { browser: "Browser phone", sip: "SIP phone" };

type Reach = "good" | "bad" | "pending";

export function StationMenu() {
  const station = useDeskState((state) => state.view?.station ?? null);
  const talking = useDeskState((state) => state.view?.contact != null);
  const phone = usePhoneState((state) => state);
  const live = useLive();
  const busy = useBusy("choose-station");
  const send = useSend();
  if (station === null) return null;
  const { reach, text } = reachOf(station, phone);
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          loading={busy}
          leftSection={<span className="dot" data-reach={reach} />}
          rightSection={<Icon name="down" size={14} />}
          data-testid="station"
          data-state={station.kind}
          data-reach={reach}
          className="station-button"
        >
          <span className="station-name">{NAMES[station.kind] ?? station.kind}</span>
          <span className="station-reach">{text}</span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{talking ? "Your phone, from the next contact on" : "Your phone"}</Menu.Label>
        {Object.entries(NAMES).map(([kind, name]) => (
          <Menu.Item
            key={kind}
            role="menuitemradio"
            aria-checked={station.kind === kind}
            leftSection={
              <span className="tick">{station.kind === kind && <Icon name="check" size={16} />}</span>
            }
            disabled={!live}
            onClick={() => void send({ type: "choose-station", kind })}
            data-testid={`station-${kind}`}
          >
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** For the browser phone this page knows best; for a SIP phone only the server does. */
function reachOf(station: StationView, phone: PhoneState): { reach: Reach; text: string } {
  if (station.kind !== "browser") {
    if (station.reachable === null) {
      return station.fixed
        ? { reach: "good", text: "fixed address" }
        : { reach: "pending", text: "not known whether reachable" };
    }
    return station.reachable ? { reach: "good", text: "reachable" } : { reach: "bad", text: "not reachable" };
  }
  switch (phone.registration) {
    case "registered":
      return station.reachable === false
        ? { reach: "pending", text: "connecting" }
        : { reach: "good", text: "connected" };
    case "failed":
      return { reach: "bad", text: "not connected" };
    default:
      return { reach: "pending", text: "connecting" };
  }
}
