"""What the web edge must know about the machine it runs on: `caruso.part_settings` fills it in."""

from __future__ import annotations

import secrets
import ssl
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from caruso.web.rate_limit import Limit
from caruso.web.self_service.limits import SelfServiceLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Where to listen, what to serve, whom to believe."""

    host: str = "127.0.0.1"
    #: 0 takes a free port; `WebServer.port` tells which.
    port: int = 8080
    #: How browsers reach us when it is not ``http://host:port``, e.g. behind a proxy: ``https://caruso.example``.
    public_url: str = ""
    #: Both or none; with them the server speaks https itself.
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    #: The built console; a page that tells how to build it is served while it is missing.
    dist: Path = Path("agent_ui/dist")
    #: ``wss://pbx:8089/ws``: where browser phones register. Nothing else may be connected to from the page.
    phone_urls: tuple[str, ...] = ()
    #: Addresses of proxies whose ``X-Forwarded-For`` is believed.
    trusted_proxies: frozenset[str] = frozenset()
    #: A session ends after this, whatever happens.
    session_lifetime: timedelta = timedelta(hours=12)
    #: A session ends when no page of it was open or used for this long.
    session_idle: timedelta = timedelta(hours=8)
    #: Failed sign-ins, per user name and per address.
    sign_ins_per_user: Limit = field(default_factory=lambda: Limit(count=10, seconds=300))
    sign_ins_per_address: Limit = field(default_factory=lambda: Limit(count=50, seconds=300))
    #: What cookies of the self-service pages are sealed with; one of its own for each process when not given.
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    self_service_limits: SelfServiceLimits = field(default_factory=SelfServiceLimits)
    #: Of telephone numbers without a country code (ISO 3166).
    country: str = "DE"
    #: Bytes of a request's body.
    body_limit: int = 64 * 1024
    #: A request that takes longer is answered with ``busy``.
    request_seconds: float = 15.0
    #: How long open sockets may take to say good-bye at `stop`.
    stop_seconds: float = 3.0

    @property
    def https(self) -> bool:
        """Tell whether browsers reach us through https."""
        return self.tls_certificate is not None or urlsplit(self.public_url).scheme == "https"

    @property
    def public_origin(self) -> str:
        """Return scheme, host and port of `public_url`, or nothing."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""

    def tls(self) -> ssl.SSLContext | None:
        """Load the certificate, or return None where there is none."""
        if self.tls_certificate is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.tls_certificate, self.tls_key)
        return context
