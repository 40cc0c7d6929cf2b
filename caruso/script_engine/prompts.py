"""What the phone says after a question: which keys to press, or when to speak. In the engine's own words."""

from __future__ import annotations

from dataclasses import dataclass

from caruso.script_engine import wording
from caruso.script_engine.shown import show
from caruso.script_engine.turns import DigitRule, Option, QuestionType, RecordRule, Value

_FIXED = {
    QuestionType.DATE: "enter-date",
    QuestionType.TIME: "enter-time",
    QuestionType.DATE_TIME: "enter-date-time",
}
_SEVERAL = {QuestionType.CHOICES: "enter-several", QuestionType.RANKING: "enter-ranking"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompts:
    """What the sentences depend on."""

    options: tuple[Option, ...]
    minimum: Value
    maximum: Value
    digits: DigitRule | None
    record: RecordRule | None

    def sentences(self, kind: QuestionType, language: str) -> list[str]:
        """Return what is said after a question of this kind."""
        end = self.digits.end_key if self.digits else self.record.end_key if self.record else ""
        key = wording.key_name(end, language) if end else ""
        if self.record is not None:
            return [wording.phrase("speak-after-tone", language, key=key)]
        if kind in _SEVERAL:
            return [*self._options(language), wording.phrase(_SEVERAL[kind], language, key=key)]
        if kind in {QuestionType.CHOICE, QuestionType.YES_NO}:
            return self._options(language)
        if kind in _FIXED:
            return [wording.phrase(_FIXED[kind], language)]
        return [*self._how(kind, language), *([wording.phrase("end-key", language, key=key)] if key else [])]

    def _options(self, language: str) -> list[str]:
        return [
            wording.phrase("option", language, label=option.label, key=wording.key_name(option.key, language))
            for option in self.options
            if option.key
        ]

    def _how(self, kind: QuestionType, language: str) -> list[str]:
        if kind is QuestionType.RATING:
            least, most = show(self.minimum, language), show(self.maximum, language)
            return [wording.phrase("enter-rating", language, least=least, most=most)]
        if kind in {QuestionType.NUMBER, QuestionType.MONEY}:
            return [wording.phrase("enter-decimals", language, key=wording.key_name("*", language))]
        return []
