#!/usr/bin/env python
"""Runs a command; whatever it changes is recorded as one change set of that command."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")

    from django.core.management import execute_from_command_line

    from backoffice import changes

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    with changes.change(action=f"command.{command}", channel="command"):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
