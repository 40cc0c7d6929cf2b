"""What must be known to reach an Asterisk, and how phones reach it. Secrets do not show in a `repr`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskSettings:
    """The ``[asterisk]`` part of ``caruso.toml``."""

    ari_url: str = "http://127.0.0.1:8088/ari"
    ari_user: str = "caruso"
    ari_password: str = field(repr=False)
    ami_host: str = "127.0.0.1"
    ami_port: int = 5038
    ami_user: str = "caruso"
    ami_secret: str = field(repr=False)
    #: Name of our Stasis application: one per server, else the newer one takes the calls over.
    app: str = "caruso"
    #: Dialplan context in which calls arrive; ``<context>-phones`` is that of the agents' phones.
    context: str = "caruso-in"
    #: Where browser phones connect, as seen from the browser.
    phone_ws_url: str = "wss://localhost:8089/ws"
    #: Where SIP phones register, as seen from the phone.
    phone_sip_server: str = "sip:localhost:5060"
    #: Domain part of the phones' addresses.
    phone_domain: str = "localhost"
    #: How a number outside is called, `{number}` standing for it; empty: not at all.
    outside: str = ""
    #: The phones' secrets are derived from it. Changing it changes them all.
    server_secret: str = field(repr=False)
    #: A command unanswered for so long has failed.
    request_timeout_seconds: float = 5.0
    #: A socket that does not answer a ping within this time is given up; pings go out twice as often.
    ping_seconds: float = 5.0
    #: Between attempts to connect, growing from the first to the most. What is possible again is found so quickly.
    reconnect_first_seconds: float = 0.1
    reconnect_most_seconds: float = 0.8
    #: After another server took our application over, so long nothing is tried.
    replaced_pause_seconds: float = 30.0
