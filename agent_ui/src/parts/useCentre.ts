import { useEffect, useState } from "react";
import { readCentre } from "../api";
import type { CentreSummary } from "../protocol";

/** The names of everything; null until they are there, and if they never come: then ids are shown. */
export function useCentre(): CentreSummary | null {
  const [centre, setCentre] = useState<CentreSummary | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    readCentre(abort.signal).then(setCentre, () => undefined);
    return () => abort.abort();
  }, []);
  return centre;
}
