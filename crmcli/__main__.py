"""`python -m crmcli`, and what the console scripts call."""

import os
import sys


def main() -> None:
    """Run the command line; nothing is imported from the folder in which we stand."""
    _shut_out_the_current_folder()
    try:
        from crmcli.cli.main import main as run
    except (MemoryError, ImportError) as error:
        if isinstance(error, ImportError) and "map segment" not in str(error):
            raise
        os.write(2, b"crm: error: not enough memory\nhint: raise the limit (ulimit -v)\n")
        os._exit(5)
    run()


def _shut_out_the_current_folder() -> None:
    """Take the current folder off Python's path: a workspace that came by clone may hold a yaml.py.

    `python -m` puts it first, an empty or relative word of PYTHONPATH wherever that word stands. Our
    own modules are found by the package, and what PYTHONPATH names by a full path is wanted.
    """
    try:
        here = os.getcwd()  # noqa: PTH109  # pathlib would be looked for right there
    except OSError:
        return  # it was deleted: nothing can be imported from there
    if __name__ == "__main__" and not sys.flags.safe_path and sys.path[:1] == [here]:
        del sys.path[0]
    words = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if words == [""] or sys.flags.ignore_environment:
        return
    wanted = {os.path.normpath(word) for word in words if word.startswith("/")}
    relative = {os.path.normpath(f"{here}/{word}") for word in words if not word.startswith("/")}
    sys.path[:] = [entry for entry in sys.path if entry not in relative - wanted]


if __name__ == "__main__":
    main()
