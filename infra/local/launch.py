"""Starts the local engine: MiniStack with this project's mends. Configured by MiniStack's environment variables.

`cargo semel up` runs it with a clean environment; `BIND_HOST` and `GATEWAY_PORT` say where it listens.
"""

import gc
import sys

import semel_engine

#: What is loaded at start lives to the end; looking through it again and again costs several percent under load.
_COLLECT_AFTER_ALLOCATIONS = 20_000


def main() -> None:
    """Installs the mends, then serves until SIGTERM."""
    semel_engine.check_version()
    semel_engine.install_all()
    from ministack import app

    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER_ALLOCATIONS)
    app.main()


if __name__ == "__main__":
    sys.exit(main())
