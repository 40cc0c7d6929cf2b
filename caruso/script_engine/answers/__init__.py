"""Answers: read as they were typed, pressed or said; held to their bounds; shown, said and typed again."""

from caruso.script_engine.answers.asked import Asked, Misread
from caruso.script_engine.answers.bounds import usual, within
from caruso.script_engine.answers.keys import digit_rule, on_phone, record_rule
from caruso.script_engine.answers.reading import read, typed
from caruso.script_engine.answers.showing import shown

__all__ = [
    "Asked",
    "Misread",
    "digit_rule",
    "on_phone",
    "read",
    "record_rule",
    "shown",
    "typed",
    "usual",
    "within",
]
