#!/usr/bin/env python3
"""Django's command line. While the demo runs it finds the demo by itself (config/env.py).

Called with a Python that has no Django, it goes on with the one that `make demo` made in .venv.
"""

import importlib.util
import os
import sys
from pathlib import Path

VENV_PYTHON = Path(__file__).resolve().parent / ".venv" / "bin" / "python"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if importlib.util.find_spec("django") is None and VENV_PYTHON.exists():
        os.execv(VENV_PYTHON, [str(VENV_PYTHON), *sys.argv])  # noqa: S606  (our own interpreter, no shell)

    from django.core.management import execute_from_command_line  # noqa: PLC0415  (only now surely there)

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
