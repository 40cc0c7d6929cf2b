"""The server's own settings: ``caruso.toml``, the environment and the files that hold secrets."""

from caruso.config.load import default_config_file, load_config, read_config, relocated
from caruso.config.secret_file import read_or_make_secret
from caruso.config.settings import (
    AsteriskSettings,
    AuditSettings,
    BackupSettings,
    CompanyDatabase,
    Config,
    DatabaseSettings,
    HttpSettings,
    HttpTarget,
    LogSettings,
    MailSettings,
    ObjectSettings,
    RetentionSettings,
    ScriptSettings,
    SelfServiceSettings,
    ServerSettings,
    SpeechSettings,
    WebSettings,
)

__all__ = [
    "AsteriskSettings",
    "AuditSettings",
    "BackupSettings",
    "CompanyDatabase",
    "Config",
    "DatabaseSettings",
    "HttpSettings",
    "HttpTarget",
    "LogSettings",
    "MailSettings",
    "ObjectSettings",
    "RetentionSettings",
    "ScriptSettings",
    "SelfServiceSettings",
    "ServerSettings",
    "SpeechSettings",
    "WebSettings",
    "default_config_file",
    "load_config",
    "read_config",
    "read_or_make_secret",
    "relocated",
]
