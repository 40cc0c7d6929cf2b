/** Take what is offered, or let it go. */

import { Button } from "@mantine/core";
import { Icon } from "../parts/icons";
import type { Offered } from "../state/offers";
import { keysOf } from "../state/shortcuts";
import { ACTION_COLORS } from "../theme";
import { useBusy, useLive } from "./desk";

interface OfferButtonsProps {
  kind: Offered["kind"];
  /** It was taken, and what follows has not come yet. */
  accepted?: boolean;
  /** Null where it is taken elsewhere: at a telephone whose line is kept open. */
  accept: (() => void) | null;
  decline: () => void;
}

const LOOKS = {
  call: { accept: "phone", decline: "hangUp", suffix: "" },
  "call-back": { accept: "phone", decline: "hangUp", suffix: "" },
  message: { accept: "check", decline: "cross", suffix: "-message" },
} as const;

export function OfferButtons({ kind, accepted = false, accept, decline }: OfferButtonsProps) {
  const live = useLive();
  const accepting = useBusy("accept") || accepted;
  const declining = useBusy("decline");
  const look = LOOKS[kind];
  return (
    <div className="offer-buttons">
      {accept !== null && (
        <Button
          size="xl"
          color={ACTION_COLORS.go}
          leftSection={<Icon name={look.accept} size={22} />}
          loading={accepting}
          disabled={!live}
          onClick={accept}
          aria-keyshortcuts={keysOf("accept")}
          data-testid={`accept${look.suffix}`}
        >
          Accept <kbd className="key">{keysOf("accept")}</kbd>
        </Button>
      )}
      <Button
        size="xl"
        variant="default"
        leftSection={<Icon name={look.decline} size={22} />}
        loading={declining}
        disabled={!live || accepting}
        onClick={decline}
        aria-keyshortcuts={keysOf("decline")}
        data-testid={`decline${look.suffix}`}
      >
        Decline <kbd className="key">{keysOf("decline")}</kbd>
      </Button>
    </div>
  );
}
