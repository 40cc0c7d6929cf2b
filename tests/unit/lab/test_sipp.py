"""Where SIPp has its media."""

from __future__ import annotations

from lab import sipp


def test_the_media_of_the_last_of_many_calls_has_a_port() -> None:
    """A load of half an hour had every fourth call refused: its media was to be beyond the last port there is."""
    assert all(port >= 42_000 and port + sipp.MEDIA_PORTS + 2 <= 65_535 for port in sipp._media_ports)
    assert len(sipp._media_ports) == len(set(sipp._media_ports))
