"""The formulas of contact-centre figures, each in one place, with its text to print beside the figure.

Definitions: `docs/glossary.md`. All are pure functions of counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ServiceLevelVariant(StrEnum):
    """How abandoned contacts count in a service level."""

    CREDIT_ABANDONS = "credit-abandons"
    ANSWERED_ONLY = "answered-only"
    ALL_OFFERED = "all-offered"
    IGNORE_EARLY_ABANDONS = "ignore-early-abandons"
    CREDIT_SHORT_ONLY = "credit-short-only"
    EXCLUDE_SHORT = "exclude-short"


#: Printed beside the figure. A: answered, B: abandoned; T: within the target, s: within the short threshold.
FORMULAS = {
    ServiceLevelVariant.CREDIT_ABANDONS: "(A_T + B_T) / (A + B)",
    ServiceLevelVariant.ANSWERED_ONLY: "A_T / A",
    ServiceLevelVariant.ALL_OFFERED: "A_T / (A + B)",
    ServiceLevelVariant.IGNORE_EARLY_ABANDONS: "A_T / (A + B - B_T)",
    ServiceLevelVariant.CREDIT_SHORT_ONLY: "(A_T + B_s) / (A + B)",
    ServiceLevelVariant.EXCLUDE_SHORT: "A_T / (A + B - B_s)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCounts:
    """What a service level is made of."""

    answered: int
    answered_in_target: int
    #: All abandoned contacts, short ones included.
    abandoned: int
    abandoned_in_target: int
    short_abandoned: int


def service_level(
    counts: QueueCounts, variant: ServiceLevelVariant = ServiceLevelVariant.EXCLUDE_SHORT
) -> float | None:
    """Return the service level in per cent, or None while nothing is to be counted."""
    answered, in_target, abandoned = counts.answered, counts.answered_in_target, counts.abandoned
    match variant:
        case ServiceLevelVariant.CREDIT_ABANDONS:
            part, whole = in_target + counts.abandoned_in_target, answered + abandoned
        case ServiceLevelVariant.ANSWERED_ONLY:
            part, whole = in_target, answered
        case ServiceLevelVariant.ALL_OFFERED:
            part, whole = in_target, answered + abandoned
        case ServiceLevelVariant.IGNORE_EARLY_ABANDONS:
            part, whole = in_target, answered + abandoned - counts.abandoned_in_target
        case ServiceLevelVariant.CREDIT_SHORT_ONLY:
            part, whole = in_target + counts.short_abandoned, answered + abandoned
        case ServiceLevelVariant.EXCLUDE_SHORT:
            part, whole = in_target, answered + abandoned - counts.short_abandoned
    return 100.0 * part / whole if whole > 0 else None
