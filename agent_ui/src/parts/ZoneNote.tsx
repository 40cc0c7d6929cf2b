/** Whose clock the days and times of a list are those of; said only where it is not that of the centre. */

import { useCentre } from "./useCentre";

export function ZoneNote() {
  const centre = useCentre();
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (centre === null || centre.timezone === own) return null;
  return (
    <span className="quiet" data-testid="zone-note">
      {`Days and times are those of your clock (${own}). The centre’s is ${centre.timezone}.`}
    </span>
  );
}
