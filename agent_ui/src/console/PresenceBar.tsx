/** The confirmed presence, large, with its timer; the contact and what can be done with it; ready and not ready. */

import { Button, Menu } from "@mantine/core";
import { CountdownBar, Limit, Since, Until } from "../parts/Age";
import { Icon } from "../parts/icons";
import type { DeskView } from "../protocol";
import {
  deskLook,
  isInConversation,
  mayGoNotReady,
  mayGoReady,
  nextText,
  reasonText,
} from "../state/presence";
import { keysOf } from "../state/shortcuts";
import { ACTION_COLORS } from "../theme";
import { ConversationControls } from "./ConversationControls";
import { useBusy, useDesk, useLive, useOffset } from "./desk";
import { goNotReady, goReady } from "./wrapUp";

export function PresenceBar({ view }: { view: DeskView }) {
  const { presence, reason, since, until } = view.presence;
  const offset = useOffset();
  const look = deskLook(view);
  const held = view.contact?.phase === "held";
  return (
    <section className="presence-bar" data-presence={held ? "held" : presence} aria-label="Your presence">
      <div className="presence-state" data-testid="presence" data-state={presence}>
        <span className="presence-symbol">
          <Icon name={look.icon} size={28} />
        </span>
        <div>
          <div className="presence-label" role="status">
            {look.label}
          </div>
          <div className="presence-reason" data-testid="presence-reason">
            {nextText(view.presence, view.reasons) || reasonText(reason, view.reasons)}
          </div>
        </div>
        <div className="presence-timer">
          <Since since={since} offset={offset} testid="presence-timer" />
        </div>
      </div>
      <div className="presence-middle">
        {until !== null && (
          <div className="presence-until" data-testid="presence-until">
            <span>
              {presence === "wrap-up" ? "Wrap-up ends in" : "Rings for another"}{" "}
              <Until since={since} until={until} offset={offset} testid="countdown" />
            </span>
            <CountdownBar since={since} until={until} offset={offset} />
          </div>
        )}
        {view.presence.late_at !== null && (
          <div className="presence-until" data-testid="presence-limit">
            <Limit at={view.presence.late_at} offset={offset} />
          </div>
        )}
        {view.contact !== null && isInConversation(view) && <ConversationControls contact={view.contact} />}
      </div>
      <PresenceButtons view={view} />
    </section>
  );
}

function PresenceButtons({ view }: { view: DeskView }) {
  const live = useLive();
  const { connection } = useDesk();
  const readyBusy = useBusy("go-ready");
  const presence = view.presence.presence;
  return (
    <div className="presence-buttons">
      {presence !== "ready" && !isInConversation(view) && presence !== "offered" && (
        <Button
          size="md"
          color={ACTION_COLORS.go}
          disabled={!live || !mayGoReady(view)}
          loading={readyBusy}
          onClick={() => goReady(connection)}
          aria-keyshortcuts={keysOf("ready")}
          title={keysOf("ready")}
          data-testid="go-ready"
        >
          Ready
        </Button>
      )}
      <NotReadyMenu view={view} />
    </div>
  );
}

function NotReadyMenu({ view }: { view: DeskView }) {
  const { panel, openPanel, connection } = useDesk();
  const live = useLive();
  const busy = useBusy("go-not-ready");
  const reasons = view.reasons.length > 0 ? view.reasons : [{ id: "", name: "Not ready" }];
  const later = isInConversation(view) || view.presence.presence === "wrap-up";
  return (
    <Menu
      opened={panel === "reasons"}
      onChange={(opened) => openPanel(opened ? "reasons" : null)}
      position="bottom-end"
      withinPortal
      // The first reason has the focus at once: a key typed blindly after Alt+N must not go to the dialog.
      transitionProps={{ duration: 0 }}
      withInitialFocusPlaceholder={false}
    >
      <Menu.Target>
        <Button
          size="md"
          variant="default"
          disabled={!live || !mayGoNotReady(view)}
          loading={busy}
          rightSection={<Icon name="down" size={16} />}
          aria-keyshortcuts={keysOf("not-ready")}
          title={keysOf("not-ready")}
          data-testid="go-not-ready"
        >
          Not ready
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{later ? "After this contact" : "Reason"}</Menu.Label>
        {reasons.map((reason) => (
          <Menu.Item
            key={reason.id}
            onClick={() => goNotReady(connection, reason.id)}
            data-testid={`reason-${reason.id}`}
          >
            {reason.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
