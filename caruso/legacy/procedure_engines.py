"""What databases with stored procedures differ in: how these are called, and how the database says no."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from caruso.legacy.failures import SystemDenied, SystemNotFound, SystemRefused, SystemUnavailable
from caruso.service_manager.failures import ServiceFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureEngine:
    """One kind of database."""

    #: How SQLAlchemy calls its driver.
    driver: str
    #: What stands before the name of what returns rows, and of what returns one value.
    rows: str
    value: str
    #: Settings of a connection, by the seconds the database has to answer.
    connect_args: Callable[[float], Mapping[str, Any]]
    #: Code and words of what the driver raised; without values, which may be personal.
    told: Callable[[BaseException], tuple[str, str]]
    #: What the database said no to, by the beginning of its code; the longest counts.
    answers: Mapping[str, type[ServiceFailed]]

    def failure(self, code: str) -> type[ServiceFailed] | None:
        """Return what a code means; None for one that is no answer to what was asked."""
        beginnings = (code[:length] for length in range(len(code), 0, -1))
        return next((self.answers[each] for each in beginnings if each in self.answers), None)


# -- PostgreSQL -----------------------------------------------------------------------------------------------


def _told_by_postgresql(problem: BaseException) -> tuple[str, str]:
    cause = problem.__cause__ or problem
    # Further lines tell values.
    return str(getattr(problem, "sqlstate", None) or ""), str(cause).partition("\n")[0]


#: By SQLSTATE (PostgreSQL, appendix A).
_POSTGRESQL = ProcedureEngine(
    driver="postgresql+asyncpg",
    rows="SELECT * FROM",
    value="SELECT * FROM",
    connect_args=lambda seconds: {"timeout": seconds, "command_timeout": seconds},
    told=_told_by_postgresql,
    answers={
        "08": SystemUnavailable,
        "22": SystemRefused,
        "23": SystemRefused,
        "28": SystemDenied,
        "40": SystemUnavailable,
        "42501": SystemDenied,
        "53": SystemUnavailable,
        "55P03": SystemUnavailable,
        "57": SystemUnavailable,
        "P0": SystemRefused,
        "P0002": SystemNotFound,
    },
)

# -- MariaDB --------------------------------------------------------------------------------------------------

#: Its numbers (MariaDB, error codes) for a value that is missing, there already, out of range or refused by a key.
_VALUES = ("1048", "1062", "1216", "1217", "1264", "1265", "1292", "1366", "1406", "1451", "1452", "1690", "4025")
#: Too many connections, shutting down, locked, dead-locked, interrupted, killed, out of time, away.
_AWAY = ("1040", "1053", "1203", "1205", "1213", "1317", "1927", "1969", "2002", "2003", "2006", "2013")
#: Not this database, password, table, column, right, procedure, way to sign in.
_DENIED = ("1044", "1045", "1142", "1143", "1227", "1370", "1698")
_QUOTED = re.compile(r"'[^']*'")


def _told_by_mariadb(problem: BaseException) -> tuple[str, str]:
    number, *words = problem.args or ("",)
    code = str(number) if isinstance(number, int) else ""
    said = str(words[0]) if code and words else str(problem)
    return code, _QUOTED.sub("…", said) if code in _VALUES else said


_MARIADB = ProcedureEngine(
    driver="mariadb+asyncmy",
    rows="CALL",  # functions return one value there
    value="SELECT",
    connect_args=lambda seconds: {
        "connect_timeout": seconds,
        "charset": "utf8mb4",
        "init_command": f"SET SESSION max_statement_time = {seconds}, SESSION sql_mode = 'STRICT_ALL_TABLES'",
    },
    told=_told_by_mariadb,
    answers={
        **dict.fromkeys(_VALUES, SystemRefused),
        **dict.fromkeys(_AWAY, SystemUnavailable),
        **dict.fromkeys(_DENIED, SystemDenied),
        # SIGNAL with SQLSTATE '02000' and any other; SELECT … INTO that finds nothing.
        "1643": SystemNotFound,
        "1644": SystemRefused,
        "1329": SystemNotFound,
    },
)

#: By the beginning of a URL.
ENGINES: Mapping[str, ProcedureEngine] = {"postgresql": _POSTGRESQL, "mariadb": _MARIADB}
