"""What the parts of a server need to know, from the one settings file: Asterisk, the web edge, back-ups."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import asdict

from caruso.business_objects.folder import read_folder
from caruso.clock import Clock
from caruso.comm_server.asterisk.settings import AsteriskSettings
from caruso.config import Config, SelfServiceSettings
from caruso.config.secret_file import read_or_make_secret
from caruso.storage.adapters.adapter import Use
from caruso.storage.backups.child import Order
from caruso.storage.backups.nightly import Plan
from caruso.storage.engine import Database
from caruso.storage.objects.databases import Databases
from caruso.storage.objects.store import Objects
from caruso.storage.privacy.retention import Retention
from caruso.web.rate_limit import Limit
from caruso.web.self_service.limits import SelfServiceLimits
from caruso.web.settings import WebSettings

_UNIT_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}

REPORTS_DIR = Path(__file__).resolve().parent.parent / "reports"
CONSOLE_DIR = Path(__file__).resolve().parent.parent / "agent_ui" / "dist"


def asterisk_settings(config: Config) -> AsteriskSettings:
    """Return what the link to Asterisk needs, from the settings and the server's own secret."""
    settings = config.asterisk
    host = settings.sip_server or urlsplit(settings.ari_url).hostname or "localhost"
    return AsteriskSettings(
        ari_url=settings.ari_url,
        ari_user=settings.ari_user,
        ari_password=settings.ari_password.reveal(),
        ami_host=settings.ami_host,
        ami_port=settings.ami_port,
        ami_user=settings.ami_user,
        ami_secret=settings.ami_secret.reveal(),
        app=settings.app,
        context=settings.context,
        phone_ws_url=settings.phone_ws_url,
        phone_sip_server=f"sip:{host}",
        phone_domain=urlsplit(f"//{host}").hostname or "localhost",
        outside=settings.outside,
        server_secret=read_or_make_secret(config.secret_file).decode(),
    )


def business_objects(config: Config, own: Database, clock: Clock) -> Objects:
    """Return the business objects of the models and databases in the settings; raise `RejectedInput`.

    The company's databases are opened when they are needed; dispose of them with ``objects.databases``.
    """
    others = {
        name: Database(
            each.url.reveal(),
            timeout_seconds=each.timeout_seconds,
            pool_size=each.pool_size,
            use=Use(foreign=True, read_only=each.read_only),
        )
        for name, each in config.objects.databases.items()
    }
    databases = Databases(own, others)
    model = read_folder(config.objects.models, databases.names)
    return Objects(databases, model, clock, region=config.server.country)


def web_settings(config: Config, pbx: AsteriskSettings) -> WebSettings:
    """Return what the web edge needs."""
    return WebSettings(
        host=config.server.host,
        port=config.server.port,
        public_url=config.server.public_url.rstrip("/"),
        tls_certificate=config.web.tls_certificate,
        tls_key=config.web.tls_key,
        dist=config.web.console_dir or CONSOLE_DIR,
        phone_urls=(pbx.phone_ws_url,) if pbx.phone_ws_url else (),
        trusted_proxies=frozenset(config.web.trusted_proxies),
        session_lifetime=timedelta(hours=config.web.session_hours),
        session_idle=timedelta(hours=config.web.session_idle_hours),
        secret=pbx.server_secret.encode(),
        self_service_limits=self_service_limits(config.self_service),
        country=config.server.country,
    )


def self_service_limits(settings: SelfServiceSettings) -> SelfServiceLimits:
    """Return how often visitors of the public pages may do what."""
    set_here = asdict(settings)
    rates: dict[str, Any] = {
        name: _rate(value) if isinstance(value, str) else value for name, value in set_here.items()
    }
    return SelfServiceLimits(**rates)


def _rate(text: str) -> Limit:
    """Read ``40/10m``."""
    count, _, span = text.partition("/")
    return Limit(count=int(count), seconds=float(span[:-1]) * _UNIT_SECONDS[span[-1]])


def backup_order(config: Config) -> Order:
    """Return what a back-up holds: the database, and the data folder without what is made again."""
    left_out = (config.speech_cache, config.backup_folder)
    return Order(
        database_url=config.database_url,
        data=str(config.server.data_dir),
        secret=str(config.secret_file),
        leave_out=tuple(str(path) for path in left_out),
        folder=str(config.backup_folder),
    )


def backup_plan(config: Config) -> Plan | None:
    """Return when the server takes back-ups by itself; None when it does not."""
    settings = config.backup
    if not settings.at:
        return None
    return Plan(
        at=time.fromisoformat(settings.at),
        folder=config.backup_folder,
        keep_daily=settings.keep_daily,
        keep_weekly=settings.keep_weekly,
    )


def retention(config: Config) -> Retention:
    """Return how long personal data stay."""
    settings = config.retention
    return Retention(
        contacts=settings.contacts_days,
        runs=settings.runs_days,
        files=settings.files_days,
        callbacks=settings.callbacks_days,
        audit=settings.audit_days,
        access=settings.access_days,
    )
