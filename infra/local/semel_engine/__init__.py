"""MiniStack as this project needs it: a pinned emulator plus small, separately tested mends.

`launch.py` is the only thing that runs it. Every module here owns one mend, says why it exists, and has a test in
`infra/local/tests` that fails once MiniStack has made it needless or wrong.
"""

from importlib import metadata

from .seam import Seam

#: The mends reach into private functions, so any other version has to be looked at before it is trusted.
MINISTACK_VERSION = "1.5.33"


def check_version() -> None:
    """Refuses to run on a MiniStack whose private functions nobody has compared with the mends."""
    found = metadata.version("ministack")
    if found != MINISTACK_VERSION:
        raise SystemExit(f"the local engine is written for MiniStack {MINISTACK_VERSION}, found {found}")


def install_all() -> Seam:
    """Installs every mend and returns the seam that can take them out again."""
    from . import (admin, archives, buckets, device_rules, http_api, item_copies, kafka_mapping, large_events, logs,
                   mail, message_moves, pollers, queues, replays, runtime_api, schedules, tables)

    seam = Seam()
    for mend in (http_api, tables, item_copies, buckets, archives, replays, device_rules, kafka_mapping, large_events,
                 queues, message_moves, pollers, runtime_api, logs, schedules, mail, admin):
        mend.install(seam)
    return seam
