"""The command line: finds the command, runs it, and turns errors into words and exit codes."""

from __future__ import annotations

import argparse
import codecs
import contextlib
import importlib
import io
import json
import os
import signal
import stat
import sys
import traceback
from typing import TYPE_CHECKING, Callable, NoReturn, Optional, TextIO, Union

from osvc_diag import __version__
from osvc_diag.cli.memory import leave_no_dump
from osvc_diag.cli.output import PROGRAM, Output, error_as_json
from osvc_diag.errors import DiagError, UsageError, steps_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

COMMANDS = {
    "collect": "make a bundle of objects of this node (the default)",
    "upload": "send an existing bundle, or resume its upload",
    "show": "what is in a bundle, what is missing, what was masked",
    "verify": "checksums, and that no secret is left",
    "redact": "a file or stdin, redacted, to stdout",
    "plugins": "plugins, their collectors, and why one is not in use",
    "premium": "show, set or unset the node's tag PREMIUM_SUPPORT",
}
_ARGUMENTS = {
    "collect": "SELECTOR...",
    "upload": "BUNDLE",
    "show": "BUNDLE",
    "verify": "BUNDLE",
    "redact": "[FILE]",
    "plugins": "[NAME]",
    "premium": "[show|set|unset]",
}
INTERNAL_ERROR = 1
INTERRUPTED = 130
TERMINATED = 143
HUNG_UP = 129
UNREAD = 141

_EXIT_CODES = """\
exit codes: 0 complete, 10 complete but for gaps, 2 usage, 3 plugin,
4 bundle not written, 5 upload failed (the bundle is kept),
6 verification failed, 7 the agent did not, 129/130/143 interrupted,
141 nobody read the output (| head)"""


class _Terminated(BaseException):
    """SIGTERM came, or SIGHUP: the connection of whoever sits there broke."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = HUNG_UP if number == signal.SIGHUP else TERMINATED


class _Parser(argparse.ArgumentParser):
    """Tells a wrong command line as any other error: in a line, with what to do next."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing a page of usage, and whatever escape sequences are in an argument."""
        near = self._meant(message)
        meant = f"did you mean {near}? " if near else ""
        raise UsageError(message, hint=f"{meant}usage: {self.usage}; {self.prog} --help tells more")

    def _meant(self, message: str) -> Optional[str]:
        """Return the option of this command that is like an unknown one."""
        import difflib  # noqa: PLC0415 - for mistakes alone

        if not message.startswith("unrecognized arguments: "):
            return None
        for word in message.split()[2:]:
            if word.startswith("--"):
                names = self._option_string_actions
                near = difflib.get_close_matches(word.partition("=")[0], names, n=1, cutoff=0.7)
                return near[0] if near else None
        return None


def main(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        signal.signal(signal.SIGTERM, _terminate)
        if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # nohup has it ignored
            signal.signal(signal.SIGHUP, _hang_up)
        _let_any_name_out(sys.stdout)
        leave_no_dump()
        return _run(list(argv))
    except KeyboardInterrupt as ended:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one has nothing left to end
        _tell("interrupted", ended)
        return INTERRUPTED
    except _Terminated as ended:
        _tell("terminated", ended)
        return ended.exit_code
    except BrokenPipeError:
        # Whoever read our output has gone: nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return UNREAD


def _run(argv: list[str]) -> int:
    if argv[:1] in (["-h"], ["--help"], ["--version"]):
        return _top(argv[0])
    name = argv.pop(0) if argv[:1] and argv[0] in COMMANDS else "collect"
    command = importlib.import_module(f"osvc_diag.cli.{name}")
    parser = _Parser(
        prog=f"{PROGRAM} {name}",
        usage=" ".join(filter(None, [PROGRAM, name, _ARGUMENTS[name], "[OPTIONS]"])),
        description=command.__doc__,
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    add_output_arguments(parser)
    try:
        args = parser.parse_intermixed_args(argv)
    except UsageError as error:
        is_json = "--json" in argv and name != "redact"  # its stdout is for text alone
        _fail(error, make_output(argparse.Namespace(quiet=False, verbose=False, json=is_json)))
        return error.exit_code
    return _guarded(command.run, args, make_output(args))


def _guarded(
    run: Callable[[argparse.Namespace, Output], int], args: argparse.Namespace, output: Output
) -> int:
    """Turn what a command raises into words and an exit code."""
    try:
        return run(args, output)
    except DiagError as error:
        _fail(error, output)
        if args.debug:
            traceback.print_exc()
        return error.exit_code
    except BrokenPipeError:
        raise
    except Exception as error:
        if args.debug:
            raise
        # The text of an unforeseen error may quote what it stumbled over: only its kind is told.
        _fail(_internal(error), output)
        return INTERNAL_ERROR


def _fail(error: DiagError, output: Output) -> None:
    """Tell what went wrong; a program that asked for JSON gets that in place of a result."""
    output.error(error)
    if output.is_json and not output.has_result:
        output.result(json.dumps(error_as_json(error), indent=2))


def add_output_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what every command understands."""
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="print the result as JSON")
    loudness = group.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="store_true", help="only the result, warnings and errors")
    loudness.add_argument("-v", "--verbose", action="store_true", help="tell about every artifact")
    group.add_argument("--debug", action="store_true", help="show where an error comes from")


def make_output(args: argparse.Namespace) -> Output:
    """Return the twin that fits: rich where somebody looks on, plain lines elsewhere."""
    make = Output
    if sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        from osvc_diag.ui import TerminalOutput  # noqa: PLC0415 - rich is loaded on a terminal only

        make = TerminalOutput
    return make(is_quiet=args.quiet, is_verbose=args.verbose, is_json=args.json)


def _top(option: str) -> int:
    if option == "--version":
        sys.stdout.write(f"{PROGRAM} {__version__}\n")
        return 0
    commands = "".join(f"  {name:<10}{summary}\n" for name, summary in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        usage=f"{PROGRAM} [COMMAND] [OPTIONS] SELECTOR... | BUNDLE | FILE",
        description="Gathers what support needs about OpenSVC objects, without their secrets.\n\n"
        f"commands (osvc-diag COMMAND --help tells more):\n{commands}\n"
        "SELECTOR: svc1, prod/svc/web, 'prod/**', '**' for all, node for the node alone",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.print_help()
    return 0


def _let_any_name_out(stream: Optional[TextIO]) -> None:
    """Have bytes of file names leave as they are, and what the locale cannot spell escaped."""

    def encode(error: UnicodeError) -> tuple[Union[str, bytes], int]:
        try:
            return codecs.lookup_error("surrogateescape")(error)
        except UnicodeError:
            return codecs.lookup_error("backslashreplace")(error)

    codecs.register_error("osvc_diag", encode)
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="osvc_diag")


def _terminate(number: int, _frame: Optional[FrameType]) -> NoReturn:
    raise _Terminated(number)


def _hang_up(number: int, frame: Optional[FrameType]) -> NoReturn:
    """End regularly: commands have sessions of their own, so nobody else ends them."""
    signal.signal(number, signal.SIG_IGN)
    for fd in (1, 2):
        # Whoever writes to a terminal that is gone fails.
        with contextlib.suppress(OSError):
            if stat.S_ISCHR(os.fstat(fd).st_mode):
                os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), fd)
    _terminate(number, frame)


def _tell(text: str, ended: BaseException) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"\n{PROGRAM}: {text}\n")
        Output().steps(steps_of(ended))


def _internal(error: Exception) -> DiagError:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(frame.filename)}:{frame.lineno}"
    internal = DiagError(
        f"internal error: {type(error).__name__} in {where}",
        hint="please report it; --debug shows more, and may show content of this node",
    )
    internal.steps = steps_of(error)
    return internal
