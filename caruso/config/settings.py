"""What can be set in ``caruso.toml``, section by section. The comments make ``docs/settings.md``.

Knows no file and no environment: `caruso.config.load` fills these.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from caruso.toml.shape import Secret

Port = Annotated[int, Meta(ge=1, le=65535)]
FreePort = Annotated[int, Meta(ge=0, le=65535)]
Host = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:%-]+$", title="a host name or address")]
OptionalHost = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9._:%-]*$", title="a host name or address, with or without a port")
]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+$", title="letters, digits, - and _")]
AnyText = Annotated[str, Meta(pattern=r"^[^\r\n]*$", title="text in one line")]
HttpUrl = Annotated[
    str, Meta(pattern=r"^https?://[^\s/?#]+[^\s?#]*$", title="an address that begins with http:// or https://")
]
OptionalHttpUrl = Annotated[
    str,
    Meta(pattern=r"^(https?://[^\s/?#]+/?)?$", title="an address like https://caruso.example, without a path"),
]
WebSocketUrl = Annotated[
    str, Meta(pattern=r"^(wss?://[^\s/?#]+[^\s?#]*)?$", title="an address that begins with wss:// or ws://")
]
Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$", title="a language like en or de-AT")]
Voice = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_]+([-+][A-Za-z0-9_]+)*$", title="a voice's name like de or en-gb+f3")
]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$", title="a country in two capital letters like DE")]
OptionalName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]*$", title="letters, digits, - and _")]
HeaderName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]+$", title="the name of a header")]
HeaderValue = Annotated[str, Meta(pattern=r"^[\x20-\x7e]*$", title="plain ASCII in one line")]
ServiceName = Annotated[
    str, Meta(pattern=r"^[a-z][a-z0-9-]{0,63}$", title="the name of a service: small letters, digits and -")
]
NatsUrl = Annotated[
    str, Meta(pattern=r"^((nats|tls)://[^\s/?#]+/?)?$", title="an address that begins with nats:// or tls://")
]
SystemUrl = Annotated[
    str,
    Meta(pattern=r"^([a-z][a-z0-9+.-]*://[^\s]+)?$", title="an address that begins like https://"),
]
Rate = Annotated[
    str, Meta(pattern=r"^[1-9][0-9]{0,5}/[1-9][0-9]{0,3}[smhd]$", title="how often in how long, like 40/10m")
]
TimeOfDay = Annotated[str, Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$", title="a time like 03:15")]
Days = Annotated[int, Meta(ge=0, le=36_500)]
Hours = Annotated[float, Meta(ge=0.1, le=8760)]


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the server listens and keeps its files."""

    #: Address to listen on. ``0.0.0.0`` listens on all; then put a proxy with TLS in front, or set
    #: `web.tls_certificate`.
    host: Host = "127.0.0.1"
    #: Port to listen on; 0 takes a free one.
    port: FreePort = 8080
    #: How browsers reach the server when it is not ``http://host:port``, e.g. ``https://caruso.example``.
    public_url: OptionalHttpUrl = ""
    #: Country (ISO 3166, e.g. ``DE``) of telephone numbers without a country code.
    country: Country = "DE"
    #: Folder for everything the server writes. Relative paths, here and below, start at this file's folder.
    data_dir: Path = Path("data")
    #: File with the server's own secret, from which phones' passwords are derived. Made at the first start
    #: (in `data_dir`, as ``secret``, unless set). Whoever changes it changes the password of every SIP phone.
    secret_file: Path | None = None


class ProcessSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the operating system runs the server."""

    #: Real-time priority (`SCHED_RR`) of what calls wait for, so that nothing else on the machine takes the
    #: processor from them; less than Asterisk's, which is 10 with ``asterisk -p``. 0: as any other process. It
    #: needs the right to it: ``LimitRTPRIO=`` of systemd, or the capability `CAP_SYS_NICE`.
    real_time_priority: Annotated[int, Meta(ge=0, le=99)] = 0


class DatabaseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where data is kept."""

    #: ``sqlite:///file``, ``postgresql://user:password@host/name``, ``mariadb://user:password@host/name``, or what
    #: a plug-in brings; a file in `server.data_dir` when empty.
    url: Secret = Secret()
    #: File that holds the URL, when it contains a password.
    url_file: Path | None = None


class AsteriskSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The PBX. ``caruso asterisk check`` tests all of it."""

    #: Asterisk's REST interface (http.conf, ari.conf).
    ari_url: HttpUrl = "http://127.0.0.1:8088/ari"
    #: User in ari.conf.
    ari_user: Name = "caruso"
    #: Its password.
    ari_password: Secret = Secret()
    #: File that holds it.
    ari_password_file: Path | None = None
    #: Where the manager interface listens (manager.conf).
    ami_host: Host = "127.0.0.1"
    #: Its port.
    ami_port: Port = 5038
    #: User in manager.conf.
    ami_user: Name = "caruso"
    #: Its secret.
    ami_secret: Secret = Secret()
    #: File that holds it.
    ami_secret_file: Path | None = None
    #: Name of our Stasis application; two servers at one Asterisk need two.
    app: Name = "caruso"
    #: Context of the dialplan in which calls for the centre arrive; agents' phones are in ``<context>-phones``.
    context: Name = "caruso-in"
    #: Where browsers' phones register, as the browser sees it: ``wss://pbx.example:8089/ws``. Without it agents
    #: need SIP phones.
    phone_ws_url: WebSocketUrl = ""
    #: Where SIP phones register, as the phone sees it: host, or ``host:port``. The host of `ari_url` when empty.
    sip_server: OptionalHost = ""
    #: How a number outside is called: ``PJSIP/{number}@trunk``, with `{number}` for the number and ``trunk`` for
    #: the trunk's endpoint. Without it nobody outside can be called.
    outside: str = ""


class SpeechSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How texts are spoken where there is no recording."""

    #: What speaks: ``espeak-ng``, or what a plug-in brings.
    engine: Name = "espeak-ng"
    #: Folder of spoken texts, readable for Asterisk; ``speech`` in `server.data_dir` when not set.
    cache_dir: Path | None = None
    #: Megabytes the folder may take; what was not used for longest goes first.
    cache_megabytes: Annotated[int, Meta(ge=1, le=1_000_000)] = 500
    #: Voice by language (``espeak-ng --voices``). A language that is not here speaks with the voice of its name.
    voices: dict[Language, Voice] = msgspec.field(default_factory=lambda: {"en": "en-gb", "de": "de"})
    #: Words a minute.
    words_per_minute: Annotated[int, Meta(ge=80, le=450)] = 160
    #: Seconds after which a text that is still not spoken is given up.
    timeout_seconds: Annotated[float, Meta(ge=0.1, le=120)] = 10.0
    #: Texts spoken at the same time; one takes about 20 ms of a core.
    at_once: Annotated[int, Meta(ge=1, le=64)] = 2


class ScriptSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where dialog scripts' recordings are."""

    #: Folder of recordings that scripts name in ``audio``, readable for Asterisk.
    sounds: Path = Path("sounds")


class MailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The SMTP server through which scripts send mails (`email.send`)."""

    #: Where it is; without it no mail is sent.
    host: OptionalHost = ""
    #: Its port: 587 with ``starttls``, 465 with ``tls``, 25 between servers.
    port: Port = 587
    #: ``starttls``: encrypted from the first command on; ``tls``: from the first byte on; ``none``: only for a
    #: server on this machine.
    security: Literal["starttls", "tls", "none"] = "starttls"
    #: Authorities (PEM) whose certificates are believed, where the system's are not enough.
    ca_file: Path | None = None
    #: User to sign in with; nobody when empty.
    user: AnyText = ""
    #: Password of the user.
    password: Secret = Secret()
    #: File that holds it.
    password_file: Path | None = None
    #: From whom mails come: ``service@example.com`` or ``Example Energy <service@example.com>``.
    sender: AnyText = ""
    #: Folder of the templates: ``<name>.<language>.txt`` and, beside it, ``.html``.
    templates: Path = Path("mail")
    #: Language of a template when the script names none, or one there is no file of.
    language: Language = "en"
    #: Seconds for reaching the server, and as many for giving it the mail.
    timeout_seconds: Annotated[float, Meta(ge=0.1, le=120)] = 10.0


class HttpTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A system that scripts may ask (`http.request`)."""

    #: Scheme, host, port and the beginning of the path of everything that may be asked there.
    url: HttpUrl
    #: Methods that are allowed.
    methods: tuple[Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], ...] = ("GET", "POST")
    #: Headers that are always sent; ``{secret}`` in one stands for the secret:
    #: ``{ Authorization = "Bearer {secret}" }``.
    headers: dict[HeaderName, HeaderValue] = {}
    #: Name of the secret, from `http.secrets`.
    secret: OptionalName = ""
    #: True when the system heeds ``Idempotency-Key``, so that a request whose answer was lost may be sent again.
    heeds_idempotency_key: bool = False


class HttpSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which other systems scripts may ask."""

    #: Systems by name: ``[http.targets.crm]``, see below. Nothing else can be asked.
    targets: dict[Name, HttpTarget] = {}
    #: Secrets by name. Scripts never see them.
    secrets: dict[Name, Secret] = {}
    #: Files that hold secrets, by name.
    secret_files: dict[Name, Path] = {}
    #: Seconds a request may take in all.
    timeout_seconds: Annotated[float, Meta(ge=0.1, le=120)] = 4.0
    #: Bytes an answer, or a body that is sent, may have.
    max_bytes: Annotated[int, Meta(ge=1, le=100_000_000)] = 1_000_000


class ServiceReliance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How scripts rely on a service."""

    #: Versions that fit, like ``>=2,<3``; every one when empty.
    versions: AnyText = ""
    #: Seconds a script's action waits for it; as long as the service allows when 0.
    timeout_seconds: Annotated[float, Meta(ge=0, le=600)] = 0.0
    #: How often it is asked again when it is at fault.
    retries: Annotated[int, Meta(ge=0, le=10)] = 0
    #: Failures in a row after which it is suspended; 0 for never.
    failures: Annotated[int, Meta(ge=0, le=1000)] = 5
    #: Seconds it is suspended.
    suspended_seconds: Annotated[float, Meta(ge=0.1, le=3600)] = 10.0
    #: Name of another service that is asked instead meanwhile.
    fallback: OptionalName = ""


class SystemSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a system is that a plug-in wraps ([legacy.md](legacy.md))."""

    #: Its address, as its kind has it: ``https://…``, ``ldaps://…``, ``nats://…``, ``postgresql://…``, without a
    #: password.
    url: SystemUrl = ""
    #: User to sign in with; nobody when empty.
    user: AnyText = ""
    #: Folder in which files are exchanged, or a program runs.
    folder: Path | None = None


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Services and plug-ins (docs/services.md, docs/plugins.md)."""

    #: Folder of plug-ins, one file each.
    plugins: Path = Path("plugins")
    #: Names of services that plug-ins bring. Commands that work without the server believe that scripts can ask
    #: them.
    expected: tuple[ServiceName, ...] = ()
    #: How scripts rely on services: ``[services.reliance.crm]``, see below.
    reliance: dict[ServiceName, ServiceReliance] = {}
    #: Systems that plug-ins wrap, by name: ``[services.systems.erp]``, see below.
    systems: dict[ServiceName, SystemSettings] = {}
    #: Their secrets (a password, a token), by the system's name.
    system_secrets: dict[ServiceName, Secret] = {}
    #: Files that hold such secrets.
    system_secret_files: dict[ServiceName, Path] = {}
    #: Services that may be brought from other processes and machines, each with the secret its workers sign with.
    remote_secrets: dict[ServiceName, Secret] = {}
    #: Files that hold such secrets.
    remote_secret_files: dict[ServiceName, Path] = {}
    #: Where workers are reached: ``nats://host:4222``, or ``tls://…``. Without it they connect themselves.
    nats_url: NatsUrl = ""
    #: User to sign in with there; nobody when empty.
    nats_user: AnyText = ""
    #: Password of the user.
    nats_password: Secret = Secret()
    #: File that holds it.
    nats_password_file: Path | None = None
    #: Authorities (PEM) whose certificates are believed, where the system's are not enough.
    nats_ca_file: Path | None = None


class CompanyDatabase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A database of the company, in which business objects are."""

    #: ``sqlite:///file``, ``postgresql://user:password@host/name`` or ``mariadb://…``; or name a file in
    #: `objects.url_files`.
    url: Secret = Secret()
    #: Connections at the same time.
    pool_size: Annotated[int, Meta(ge=1, le=100)] = 3
    #: Seconds a look-up or a change may take in all.
    timeout_seconds: Annotated[float, Meta(ge=0.1, le=120)] = 2.0
    #: True when nothing may be written there, whatever a model says.
    read_only: bool = False


class ObjectSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What business objects there are, and in which databases ([business-objects](business-objects.md))."""

    #: Folder of models: all ``.xml`` in it. A running server follows it.
    models: Path = Path("models")
    #: The company's databases by name: ``[objects.databases.erp]``, see below. Ours is ``own``.
    databases: dict[Name, CompanyDatabase] = {}
    #: Files that hold their URLs, by name.
    url_files: dict[Name, Path] = {}


class WebSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Console, monitor and API."""

    #: Hours after which a session ends, whatever happens.
    session_hours: Hours = 12.0
    #: Hours after which a session ends when no page of it was open.
    session_idle_hours: Hours = 8.0
    #: Addresses or networks of proxies whose ``X-Forwarded-For`` is believed, e.g. ``["127.0.0.1"]``.
    trusted_proxies: tuple[AnyText, ...] = ()
    #: Certificate chain (PEM). With it and `tls_key` the server speaks https itself.
    tls_certificate: Path | None = None
    #: Private key of the certificate (PEM).
    tls_key: Path | None = None
    #: Folder of the built console, when it is not the one that was installed with the server.
    console_dir: Path | None = None


class SelfServiceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often visitors of the public pages may do what ([self-service.md](self-service.md)).

    ``40/10m`` is forty times in ten minutes (s, m, h, d). Per address (IPv6: per /64), unless it says otherwise.
    """

    #: Any request.
    requests: Rate = "900/1m"
    #: Dialogs begun.
    starts: Rate = "40/10m"
    #: Of each script, by all visitors together.
    starts_of_script: Rate = "1200/1m"
    #: Answers, corrections, steps back.
    inputs: Rate = "300/1m"
    #: In each script, by all visitors together.
    inputs_of_script: Rate = "12000/1m"
    #: Files sent.
    uploads: Rate = "40/10m"
    #: Links mailed.
    mails: Rate = "6/1h"
    #: To each mailbox, whoever asks.
    mails_to_one: Rate = "3/1h"
    #: Calls asked for.
    call_backs: Rate = "6/1h"
    #: To each number, whoever asks.
    call_backs_to_one: Rate = "3/1d"
    #: Codes to call with.
    codes: Rate = "20/1h"
    #: Links opened.
    resumes: Rate = "30/10m"
    #: Dialogs that are open at once: one that nobody went on with for an hour counts no more.
    open_runs: Annotated[int, Meta(ge=1, le=100_000)] = 30


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the server says about its work, on standard error."""

    #: The least important lines that are written.
    level: Literal["debug", "info", "warning", "error"] = "info"
    #: ``json``: one object a line, for machines; ``console``: for people.
    format: Literal["json", "console"] = "json"
    #: What becomes of names and numbers of people: ``hash`` (the same person has the same mark until the next
    #: start) or ``drop``.
    personal_data: Literal["hash", "drop"] = "hash"


class BackupSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Back-ups that the server takes by itself, once a day ([operations.md](operations.md))."""

    #: When, in the centre's time zone: ``03:15``. Without it none are taken. A back-up that is missed because the
    #: server does not run is taken when it starts.
    at: TimeOfDay = ""
    #: Where, on another disk if there is one; ``backups`` in `server.data_dir` when not set.
    folder: Path | None = None
    #: Of how many days the newest back-up is kept.
    keep_daily: Annotated[int, Meta(ge=1, le=1000)] = 7
    #: Of how many weeks the newest back-up is kept.
    keep_weekly: Annotated[int, Meta(ge=0, le=1000)] = 4


class AuditSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who changed which record from what to what ([privacy.md](privacy.md))."""

    #: Classes whose changes are not kept, in force when the server starts or the database is upgraded.
    off: tuple[
        Literal["Customer", "Callback", "User", "ScriptDraft", "Script", "ScriptRollout", "Centre"], ...
    ] = ()


class RetentionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days after which personal data go, by kind; 0: never ([privacy.md](privacy.md))."""

    #: When, once a day, in the centre's time zone.
    at: Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", title="a time like 02:30")] = "02:30"
    #: Numbers, names and notes of contacts, after they ended; figures stay.
    contacts_days: Days = 0
    #: Answers in dialogs that are over, and what was said there; figures stay.
    runs_days: Days = 0
    #: Uploads and recordings that customers gave as answers.
    files_days: Days = 0
    #: Call-backs that are done, cancelled or given up.
    callbacks_days: Days = 0
    #: Who changed which record.
    audit_days: Days = 0
    #: Who looked at a customer.
    access_days: Days = 0


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings; everything has a default."""

    server: ServerSettings = ServerSettings()
    process: ProcessSettings = ProcessSettings()
    database: DatabaseSettings = DatabaseSettings()
    asterisk: AsteriskSettings = AsteriskSettings()
    speech: SpeechSettings = SpeechSettings()
    scripts: ScriptSettings = ScriptSettings()
    mail: MailSettings = MailSettings()
    http: HttpSettings = HttpSettings()
    services: ServiceSettings = ServiceSettings()
    objects: ObjectSettings = ObjectSettings()
    web: WebSettings = WebSettings()
    self_service: SelfServiceSettings = SelfServiceSettings()
    log: LogSettings = LogSettings()
    backup: BackupSettings = BackupSettings()
    audit: AuditSettings = AuditSettings()
    retention: RetentionSettings = RetentionSettings()

    @property
    def database_url(self) -> str:
        """The URL set, or that of the file in the data folder. It may hold a password."""
        return self.database.url.reveal() or f"sqlite:///{self.server.data_dir / 'caruso.db'}"

    @property
    def public_url(self) -> str:
        """How browsers reach the server, without a slash at the end."""
        scheme = "https" if self.web.tls_certificate else "http"
        host = f"[{self.server.host}]" if ":" in self.server.host else self.server.host
        return self.server.public_url.rstrip("/") or f"{scheme}://{host}:{self.server.port}"

    @property
    def secret_file(self) -> Path:
        """File of the server's own secret."""
        return self.server.secret_file or self.server.data_dir / "secret"

    @property
    def speech_cache(self) -> Path:
        """Folder of spoken texts."""
        return self.speech.cache_dir or self.server.data_dir / "speech"

    @property
    def backup_folder(self) -> Path:
        """Where back-ups are."""
        return self.backup.folder or self.server.data_dir / "backups"
