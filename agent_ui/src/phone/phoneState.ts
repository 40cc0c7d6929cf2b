/**
 * What the browser phone is doing, and when it picks up by itself. Knows no SIP and no WebRTC.
 *
 *     none ──INVITE──► ringing ──answer──► answering ──confirmed──► up ──► none
 */

export type Registration = "off" | "connecting" | "registered" | "failed";
export type CallPhase = "none" | "ringing" | "answering" | "up";
export type Microphone = "unknown" | "ready" | "denied" | "missing" | "insecure" | "busy";

export interface PhoneState {
  registration: Registration;
  /** Why the registration failed. */
  problem: string;
  microphone: Microphone;
  call: CallPhase;
  muted: boolean;
  /** The browser does not play sound before the page is clicked. */
  soundBlocked: boolean;
  /** The contact the agent accepted: the next call is answered. */
  accepted: string | null;
}

export const initialPhone: PhoneState = {
  registration: "off",
  problem: "",
  microphone: "unknown",
  call: "none",
  muted: false,
  soundBlocked: false,
  accepted: null,
};

export type PhoneEvent =
  | { kind: "registration"; registration: Registration; problem?: string }
  | { kind: "microphone"; microphone: Microphone }
  | { kind: "call"; call: CallPhase }
  | { kind: "muted"; on: boolean }
  | { kind: "sound-blocked"; on: boolean }
  | { kind: "accepted"; contact: string | null };

export function reducePhone(state: PhoneState, event: PhoneEvent): PhoneState {
  switch (event.kind) {
    case "registration":
      return { ...state, registration: event.registration, problem: event.problem ?? "" };
    case "microphone":
      return { ...state, microphone: event.microphone };
    case "call":
      return callChanged(state, event.call);
    case "muted":
      return { ...state, muted: event.on };
    case "sound-blocked":
      return { ...state, soundBlocked: event.on };
    case "accepted":
      return { ...state, accepted: event.contact };
  }
}

/**
 * Whether a ringing call is picked up without a further click: the agent clicked Accept before (or while) it rang,
 * or the server dials a leg of a conversation that is already going on, after a reload.
 */
export function picksUp(state: PhoneState, resumes: boolean, inConversation: boolean): boolean {
  return resumes || inConversation || state.accepted !== null;
}

/** How long after refusal number `refusals` (from 1) to sign in again: soon at first, calmly where it does not help. */
export function registerAgainMs(refusals: number): number {
  return Math.min(30_000, 500 * 2 ** (refusals - 1));
}

export function microphoneProblem(errorName: string): Microphone {
  if (errorName === "NotAllowedError" || errorName === "SecurityError") return "denied";
  if (errorName === "NotFoundError" || errorName === "OverconstrainedError") return "missing";
  return "busy";
}

/** What to do about it, in words; empty when all is well. */
export function microphoneText(microphone: Microphone): string {
  switch (microphone) {
    case "denied":
      return "The browser does not let this page use the microphone. Allow it (the symbol left of the address), then reload.";
    case "missing":
      return "No microphone was found. Connect a headset, then try again.";
    case "busy":
      return "The microphone cannot be opened; another program may be using it.";
    case "insecure":
      return "Browsers give the microphone only to pages loaded through https. Ask your administrator, or use a SIP phone.";
    case "ready":
    case "unknown":
      return "";
  }
}

function callChanged(state: PhoneState, call: CallPhase): PhoneState {
  if (call === "none") return { ...state, call, muted: false, soundBlocked: false };
  return { ...state, call, accepted: call === "up" ? null : state.accepted };
}
