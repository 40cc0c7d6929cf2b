"""Read levels of skills in ``centre.toml``."""

from __future__ import annotations

from collections.abc import Mapping

from caruso.model.ids import SkillId


def read_skills(levels: Mapping[str, int]) -> Mapping[SkillId, int]:
    """Return levels by skill."""
    return {SkillId(skill): level for skill, level in levels.items()}
