/** Who is signed in, for the whole page. */

import { createContext, useContext } from "react";
import type { WhoAmI } from "../protocol";

export interface SessionContextValue {
  session: WhoAmI;
  /** Sign out; throws where the server could not be told, and the session therefore goes on. */
  leave: () => Promise<void>;
}

export const SessionContext = createContext<SessionContextValue | null>(null);

export function useSession(): SessionContextValue {
  const value = useContext(SessionContext);
  if (value === null) throw new Error("useSession outside of a signed-in page");
  return value;
}

export function isSupervisor(session: WhoAmI): boolean {
  return session.role === "supervisor" || session.role === "admin";
}
