/** What the agent can do with the contact, for buttons and keys alike. Each resolves when the server has replied. */

import { useMemo } from "react";
import type { ContactView } from "../protocol";
import { pauseWanted, recordWanted } from "../state/recording";
import { useDesk } from "./desk";

export interface ContactActions {
  accept: (contact: ContactView) => void;
  /** No phone rings for a message. */
  acceptMessage: (message: string) => void;
  decline: (contact: { id: string }) => void;
  hangUp: (contact: ContactView) => void;
  toggleHold: (contact: ContactView) => void;
  toggleMute: (contact: ContactView) => void;
  toggleRecording: (contact: ContactView) => void;
  togglePause: (contact: ContactView) => void;
}

export function useContactActions(): ContactActions {
  const { connection, phone } = useDesk();
  return useMemo(() => {
    const { send, store } = connection;
    const usesBrowser = () => store.get().view?.station.kind === "browser";
    return {
      accept: (contact) => {
        if (usesBrowser()) phone.accept(contact.id);
        void send({ type: "accept", contact: contact.id });
      },
      acceptMessage: (message) => void send({ type: "accept", contact: message }),
      decline: (contact) => void send({ type: "decline", contact: contact.id }),
      hangUp: (contact) => void send({ type: "hang-up", contact: contact.id }),
      toggleHold: (contact) => void send({ type: "hold", contact: contact.id, on: contact.phase !== "held" }),
      toggleRecording: (contact) => {
        const on = recordWanted(contact.recording);
        if (on !== null) void send({ type: "record", contact: contact.id, on });
      },
      togglePause: (contact) => {
        const on = pauseWanted(contact.recording);
        if (on !== null) void send({ type: "pause-recording", contact: contact.id, on });
      },
      toggleMute: async (contact) => {
        // At once here, so that nothing more is heard; the server's word counts in the end.
        phone.mute(!contact.muted);
        const problem = await send({ type: "mute", contact: contact.id, on: !contact.muted });
        if (problem !== null) phone.mute(contact.muted);
      },
    };
  }, [connection, phone]);
}
