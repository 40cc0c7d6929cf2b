"""The functions of expressions that come with Caruso."""

from __future__ import annotations

from collections.abc import Mapping

from caruso.script_engine.expressions.functions import BUILT_IN, Function
from caruso.service_manager.hookspecs import hookimpl


@hookimpl
def script_functions() -> Mapping[str, Function]:
    """Return them."""
    return BUILT_IN
