/**
 * The browser phone: a JsSIP user agent and the one call it may have. Owns its store, the audio element and the meter.
 * What may be done is decided in phoneState; what the call *is*, only the server knows.
 */

import type * as JsSIP from "jssip";
import type { RTCSession } from "jssip/lib/RTCSession";
import type { IncomingRTCSessionEvent, RTCSessionEvent, UA } from "jssip/lib/UA";
import type { Phone as PhoneAccount } from "../protocol";
import { Store } from "../state/store";
import { LevelMeter } from "./level";
import {
  initialPhone,
  microphoneProblem,
  type PhoneEvent,
  type PhoneState,
  picksUp,
  reducePhone,
  registerAgainMs,
} from "./phoneState";

/** The server says with it that this leg belongs to a conversation which is already going on. */
const RESUME_HEADER = "X-Caruso-Resume";
/** A supervisor listens on this leg: she asked for it on the page. */
const SUPERVISION_HEADER = "X-Caruso-Supervision";
/** Registrations last so long; JsSIP renews them earlier. */
const REGISTER_SECONDS = 120;
/** After the first network candidate, others get so long: on a company's network the first one does. */
const CANDIDATES_MS = 150;

/** How long a call may outlive its contact: the BYE is on its way. */
const LEFTOVER_MS = 5_000;

export class Phone {
  readonly store = new Store<PhoneState, PhoneEvent>(reducePhone, initialPhone);
  private agent: UA | null = null;
  private session: RTCSession | null = null;
  private meter: LevelMeter | null = null;
  private readonly audio = new Audio();
  private readonly listeners = new Set<(level: number) => void>();
  private inConversation = false;
  private supervises = false;
  private wantsMute = false;
  private generation = 0;
  private leftoverTimer: number | undefined;

  constructor() {
    this.audio.autoplay = true;
  }

  /** Sign in to the PBX. JsSIP is loaded now: only agents with a browser phone need it. */
  async start(readAccount: () => Promise<PhoneAccount>): Promise<void> {
    this.generation += 1;
    if (this.store.get().call === "up") return; // whatever else: a call that is up is not cut
    const generation = this.generation;
    this.stopAgent();
    this.store.dispatch({ kind: "registration", registration: "connecting" });
    void this.checkMicrophone();
    try {
      const [account, jssip] = await Promise.all([readAccount(), import("jssip")]);
      if (generation === this.generation) this.register(account, jssip);
    } catch (error) {
      if (generation !== this.generation) return;
      const problem = error instanceof Error ? error.message : "The phone could not be started.";
      this.store.dispatch({ kind: "registration", registration: "failed", problem });
    }
  }

  /** Sign out of the PBX; a call that is up is ended. */
  stop(): void {
    this.generation += 1;
    this.stopAgent();
    this.store.dispatch({ kind: "registration", registration: "off" });
  }

  /** Sign out as soon as no call is up: another phone takes over. */
  stopWhenIdle(): void {
    if (this.session === null) return this.stop();
    this.generation += 1;
    const generation = this.generation;
    const unsubscribe = this.store.subscribe(() => {
      if (generation === this.generation && this.store.get().call !== "none") return;
      unsubscribe();
      if (generation === this.generation) this.stop();
    });
  }

  /**
   * The page goes away (reload, closed). A leg without a page would stay up in the PBX and nobody would hear the
   * caller: say BYE, and the server keeps the caller and dials us again as soon as we are back.
   */
  readonly leavePage = (): void => {
    const session = this.session;
    if (session === null || session.isEnded()) return;
    session.terminate(session.isEstablished() ? {} : { status_code: 480 });
  };

  /** The agent accepts: answer what rings, or what will ring in a moment. */
  accept(contact: string): void {
    this.store.dispatch({ kind: "accepted", contact });
    this.pickUpIfWanted(false);
  }

  /** What the server shows: a contact that is gone is accepted no more; a leg of a running conversation is taken. */
  follow(contact: string | null, inConversation: boolean, muted: boolean): void {
    this.inConversation = inConversation;
    const { accepted } = this.store.get();
    if (accepted !== null && accepted !== contact) this.store.dispatch({ kind: "accepted", contact: null });
    this.mute(muted);
    this.forgetLeftover(contact);
    this.pickUpIfWanted(false);
  }

  mute(on: boolean): void {
    this.wantsMute = on;
    if (this.session?.isEstablished() !== true || this.store.get().muted === on) return;
    if (on) this.session.mute({ audio: true });
    else this.session.unmute({ audio: true });
    this.store.dispatch({ kind: "muted", on });
  }

  /** After a click: play what the browser held back. */
  readonly playSound = (): void => {
    void this.audio.play().then(() => this.store.dispatch({ kind: "sound-blocked", on: false }));
  };

  /** Be told how loud the other side is; the returned function ends it. */
  readonly onLevel = (listener: (level: number) => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Ask for the microphone once, before the first call needs it. */
  readonly checkMicrophone = async (): Promise<void> => {
    if (navigator.mediaDevices === undefined) {
      this.store.dispatch({ kind: "microphone", microphone: "insecure" });
      return;
    }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      for (const track of stream.getTracks()) track.stop();
      this.store.dispatch({ kind: "microphone", microphone: "ready" });
    } catch (error) {
      this.microphoneFailed(error);
    }
  };

  private register(account: PhoneAccount, jssip: typeof JsSIP): void {
    const agent = new jssip.UA({
      sockets: [new jssip.WebSocketInterface(account.server)],
      uri: account.uri,
      authorization_user: account.username,
      password: account.secret,
      register: true,
      register_expires: REGISTER_SECONDS,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 3,
      user_agent: "Caruso console",
    });
    this.agent = agent;
    this.listenTo(agent);
    agent.start();
  }

  private listenTo(agent: UA): void {
    const tell = (event: PhoneEvent) => {
      if (this.agent === agent) this.store.dispatch(event);
    };
    agent.on("connecting", () => tell({ kind: "registration", registration: "connecting" }));
    let refusals = 0;
    agent.on("registered", () => {
      refusals = 0;
      tell({ kind: "registration", registration: "registered" });
    });
    agent.on("unregistered", () => tell({ kind: "registration", registration: "connecting" }));
    agent.on("disconnected", () =>
      tell({
        kind: "registration",
        registration: "failed",
        problem: "The telephone system cannot be reached.",
      }),
    );
    agent.on("registrationFailed", ({ cause }) => {
      tell({
        kind: "registration",
        registration: "failed",
        problem: `The telephone system refused the phone (${cause}).`,
      });
      refusals += 1;
      // A PBX that has just started may not know its phones yet, and JsSIP asks only once.
      window.setTimeout(() => {
        if (this.agent === agent && agent.isConnected() && !agent.isRegistered()) agent.register();
      }, registerAgainMs(refusals));
    });
    agent.on("newRTCSession", (event: RTCSessionEvent) => {
      if (isIncoming(event)) this.rang(event);
    });
  }

  /** A new call takes the place of an old one, unless a conversation is up and this is not its new leg. */
  private rang({ session, request }: IncomingRTCSessionEvent): void {
    const supervises = request.getHeader(SUPERVISION_HEADER)?.toLowerCase() === "yes";
    const resumes = supervises || request.getHeader(RESUME_HEADER)?.toLowerCase() === "yes";
    if (this.store.get().call === "up" && this.inConversation && !resumes) {
      session.terminate({ status_code: 486 });
      return;
    }
    const replaced = this.session;
    this.session = session;
    this.supervises = supervises;
    this.listenToCall(session);
    this.store.dispatch({ kind: "call", call: "ringing" });
    replaced?.terminate();
    this.pickUpIfWanted(resumes);
  }

  private listenToCall(session: RTCSession): void {
    const ended = () => this.callEnded(session);
    session.on("peerconnection", ({ peerconnection }) => this.listenToMedia(session, peerconnection));
    session.on("icecandidate", ({ ready }) => window.setTimeout(ready, CANDIDATES_MS));
    session.on("confirmed", () => this.callUp(session));
    session.on("getusermediafailed", (error) => this.microphoneFailed(error));
    session.on("ended", ended);
    session.on("failed", ended);
  }

  private listenToMedia(session: RTCSession, connection: RTCPeerConnection): void {
    connection.addEventListener("connectionstatechange", () => {
      // The network went away for long: say so, and the server dials again as soon as we can be reached.
      if (connection.connectionState === "failed" && session.isEstablished()) session.terminate();
    });
    connection.addEventListener("track", (event) => {
      if (this.session !== session) return;
      const stream = event.streams[0] ?? new MediaStream([event.track]);
      this.audio.srcObject = stream;
      this.audio.play().catch(() => this.store.dispatch({ kind: "sound-blocked", on: true }));
      this.meter?.stop();
      this.meter = new LevelMeter(stream, (level) => this.showLevel(level));
    });
  }

  /** A call the server knows nothing of (the PBX was restarted, a BYE was lost) must not keep the microphone open. */
  private forgetLeftover(contact: string | null): void {
    window.clearTimeout(this.leftoverTimer);
    const session = this.session;
    if (contact !== null || this.supervises || session?.isEstablished() !== true) return;
    this.leftoverTimer = window.setTimeout(() => {
      if (this.session === session && !session.isEnded()) session.terminate();
    }, LEFTOVER_MS);
  }

  private pickUpIfWanted(resumes: boolean): void {
    const session = this.session;
    const state = this.store.get();
    if (session === null || state.call !== "ringing") return;
    if (!picksUp(state, resumes, this.inConversation)) return;
    this.store.dispatch({ kind: "call", call: "answering" });
    session.answer({ mediaConstraints: { audio: true, video: false }, pcConfig: { iceServers: [] } });
  }

  private callUp(session: RTCSession): void {
    if (this.session !== session) return;
    this.store.dispatch({ kind: "call", call: "up" });
    this.store.dispatch({ kind: "microphone", microphone: "ready" });
    this.mute(this.wantsMute);
  }

  private callEnded(session: RTCSession): void {
    if (this.session !== session) return;
    this.session = null;
    this.meter?.stop();
    this.meter = null;
    this.showLevel(0);
    this.audio.srcObject = null;
    this.store.dispatch({ kind: "call", call: "none" });
  }

  private stopAgent(): void {
    const agent = this.agent;
    this.agent = null;
    agent?.stop();
    if (this.session !== null) this.callEnded(this.session);
  }

  private microphoneFailed(error: unknown): void {
    const name = error instanceof Error ? error.name : "";
    this.store.dispatch({ kind: "microphone", microphone: microphoneProblem(name) });
  }

  private showLevel(level: number): void {
    for (const listener of this.listeners) listener(level);
  }
}

function isIncoming(event: RTCSessionEvent): event is IncomingRTCSessionEvent {
  return event.session.direction === "incoming";
}
