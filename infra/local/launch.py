"""Starts the local engine: MiniStack with this project's mends. Configured by MiniStack's environment variables.

`cargo semel up` runs it with a clean environment; `BIND_HOST` and `GATEWAY_PORT` say where it listens.
"""

import sys

import semel_engine


def main() -> None:
    """Installs the mends, then serves until SIGTERM."""
    semel_engine.check_version()
    semel_engine.install_all()
    from ministack import app

    app.main()


if __name__ == "__main__":
    sys.exit(main())
