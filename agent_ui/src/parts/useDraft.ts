import { useState } from "react";

/**
 * What is typed into a form whose sent state is in the address: it begins as `sent`, and is thrown away when the
 * address changes. Returns the draft and what changes parts of it.
 */
export function useDraft<T extends object>(address: string, sent: T): [T, (part: Partial<T>) => void] {
  const [typed, setTyped] = useState({ address, draft: sent });
  if (typed.address !== address) setTyped({ address, draft: sent });
  const { draft } = typed;
  return [draft, (part) => setTyped({ address, draft: { ...draft, ...part } })];
}
