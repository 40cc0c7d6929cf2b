"""The logger aiohttp writes to. What strangers send that is not HTTP is their mistake: no traceback in our log."""

from __future__ import annotations

import logging

from aiohttp.http_exceptions import HttpProcessingError


def wire_log() -> logging.Logger:
    """Return the logger, without what cannot be mended here."""
    logger = logging.getLogger("caruso.web.wire")
    if not any(isinstance(known, _OurOwn) for known in logger.filters):
        logger.addFilter(_OurOwn())
    return logger


class _OurOwn(logging.Filter):
    """Lets pass what is not the other side's mistake."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, HttpProcessingError | ConnectionError)
