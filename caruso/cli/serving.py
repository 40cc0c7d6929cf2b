"""``caruso serve``, ``watch``, ``phone``, ``version``."""

from __future__ import annotations

import sys
from argparse import Namespace

from caruso.cli.outcome import Exit
from caruso.cli.stores import opened, run, settings
from caruso.model.ids import AgentId

#: What Python is given to be this command.
PROGRAM = ("-m", "caruso")


def serve(wanted: Namespace) -> int:
    """Run the server."""
    config = settings(wanted)
    from caruso.serving import serve

    return serve(config)


def watch(wanted: Namespace) -> int:
    """Run the server as a child, and start it again when it hangs or ends."""
    config = settings(wanted)  # with wrong settings it would be started again and again
    from caruso.logs import set_up_logs
    from caruso.watchdog.verdict import FINAL
    from caruso.watchdog.watcher import Watcher

    set_up_logs(level=config.log.level, log_format=config.log.format, personal_data=config.log.personal_data)
    given = ("--config", str(wanted.config)) if wanted.config else ()
    return Watcher([sys.executable, *PROGRAM, *given, "serve"], final=FINAL).run()


def version(wanted: Namespace) -> int:
    """Print the version."""
    import caruso

    print(caruso.__version__)
    return Exit.OK


def phone(wanted: Namespace) -> int:
    """Print what a person enters into an agent's phone."""
    return run(_phone(wanted))


async def _phone(wanted: Namespace) -> int:
    from caruso.comm_server.asterisk.provisioning import DerivedPhones
    from caruso.errors import NotFound
    from caruso.part_settings import asterisk_settings

    config = settings(wanted)
    async with opened(config) as stores:
        applied = await stores.centres.current()
    agents = applied.centre.agents if applied else {}
    agent = AgentId(wanted.agent)
    if agent not in agents:
        raise NotFound(f"There is no agent {agent}; known: {', '.join(sorted(agents)) or 'none'}")
    account = DerivedPhones(asterisk_settings(config)).account(agent, wanted.kind)
    print(f"address   {account.uri}\nuser      {account.username}\npassword  {account.secret}")
    print(f"server    {account.server or 'not set'}")
    return Exit.OK
