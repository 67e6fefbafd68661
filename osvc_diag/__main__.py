"""`python -m osvc_diag`: says so where Python is too old, in a syntax that even 2.7 reads."""

import os
import sys

OLDEST = (3, 9)


def main():  # type: () -> int
    """Run the command line, and return its exit code."""
    if sys.version_info < OLDEST:
        sys.stderr.write(
            "osvc-diag needs Python %d.%d or newer; this is %s (%s).\n"
            "Run it with another interpreter, such as: python3.9 -m osvc_diag\n"
            % (OLDEST + (sys.version.split()[0], sys.executable))
        )
        return 2
    try:
        from osvc_diag.cli.main import main as run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 130


def end(code):  # type: (int) -> None  # noqa: ANN001 - Python 2.7 reads this, too
    """End the process with an exit code, as soon as what was printed is out.

    Python would first take itself apart, under threads that were left behind: on a disk that does not answer,
    or on their way out. That crashes once in some thousand runs (seen with 3.13.0).
    """
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        sys.exit(code)  # Python says what is wrong with the stream, and with which code it ends
    os._exit(code)


def program():  # type: () -> None
    """Run the command line, and end the process: what the installed command is."""
    end(main())


def forget_working_folder():  # type: () -> None
    """Take out of the path what `python -m` puts first: in /tmp, anybody's pluggy.py would run as root."""
    try:
        folder = os.getcwd()
    except OSError:
        return
    if sys.path[:1] in ([""], [folder]):
        del sys.path[0]


if __name__ == "__main__":
    forget_working_folder()
    program()
