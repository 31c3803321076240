# SPDX-License-Identifier: BSD-2-Clause
"""One run of a check, from its words to its exit status. Whatever happens, the output is a plugin's."""

# Only what cannot fail is imported up here: a library that is missing must end in UNKNOWN, not in exit status 1.
import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from wabiz_monitoring._core.deadline import Deadline
    from wabiz_monitoring._core.policy import Policy
    from wabiz_monitoring._core.redaction import Redaction
    from wabiz_monitoring._core.result import Result

    from . import Check
    from .parser import Settings

_UNKNOWN = 3


def run(check: "Check") -> NoReturn:
    """Run a check with the words of the command line, print the outcome, and end the process."""
    arguments = sys.argv[1:]
    try:
        code, text = outcome(check, arguments)
    except BaseException as error:
        code, text = _UNKNOWN, _failed(check.name, error, arguments)
    # Nothing of ours may hang in the interpreter's own end, such as a thread that still waits for a name.
    try:
        with open(1, "wb", closefd=False) as stdout:
            stdout.write(text.encode("utf-8", "replace"))
    except OSError:
        pass
    os._exit(code)


def outcome(check: "Check", arguments: list[str]) -> tuple[int, str]:
    """Exit status and output of a run."""
    import warnings

    # Libraries warn on stderr, which engines append to the output or drop.
    warnings.simplefilter("ignore")
    from .options import UsageError
    from .parser import HelpWanted, parse

    try:
        settings = parse(check, arguments)
        return _judged(check, settings)
    except HelpWanted as help_wanted:
        return _UNKNOWN, str(help_wanted)
    except UsageError as error:
        return _UNKNOWN, f"WABIZ {check.name.upper()} UNKNOWN - usage: {error}\n"


def _judged(check: "Check", settings: "Settings") -> tuple[int, str]:
    from wabiz_monitoring._core.catalogue import Trouble
    from wabiz_monitoring._core.deadline import Deadline, within
    from wabiz_monitoring._core.redaction import Redaction
    from wabiz_monitoring._core.text import clean

    redact = Redaction(settings.credentials, settings.headers.values(), os.environ)
    deadline = Deadline(settings.timeout, clean(settings.url.partition("://")[2]) if settings.url else "")
    notes = list(settings.notes)

    def told(result: "Result") -> tuple[int, str]:
        return int(result.state), redact(_rendered(result, settings, notes))

    try:
        # All of it: a hostile answer may be long in the telling, too.
        return within(deadline, lambda: told(_result(check, settings, deadline, notes, redact)), sys._current_frames)
    except Trouble as trouble:
        from wabiz_monitoring._core.result import from_trouble

        if settings.verbose > 2:
            notes += _traceback(trouble)
        return told(from_trouble(check.name, trouble, _policy(settings)))


def _result(
    check: "Check", settings: "Settings", deadline: "Deadline", notes: list[str], redact: "Redaction"
) -> "Result":
    from wabiz_monitoring._core.deployment import parse as parse_deployment
    from wabiz_monitoring._core.judge import judge
    from wabiz_monitoring._core.misuse import Misuse
    from wabiz_monitoring._core.text import clean

    from .options import UsageError
    from .sources import source

    answer = source(settings, notes, redact.learn).fetch(deadline)
    if settings.verbose > 1:
        notes.append(f"the answer has {len(answer.body)} bytes, asked for at {answer.asked_at:%Y-%m-%d %H:%M:%S} UTC")
    deployment = parse_deployment(answer.body)
    policy = _policy(settings)._replace(asked_at=answer.asked_at, clock_known=answer.clock_known)
    try:
        return judge(check.name, deployment, policy, settings.without)
    except Misuse as error:
        raise UsageError(clean(error, 400)) from None


def _policy(settings: "Settings") -> "Policy":
    from datetime import datetime, timezone

    from wabiz_monitoring._core.policy import Policy

    now = datetime.now(timezone.utc)
    return Policy(
        now=now,
        asked_at=now,
        limits=settings.limits,
        states=settings.states,
        shards=settings.shards,
        min_spares=settings.min_spares,
        nodes=settings.nodes,
        ignored=settings.ignored,
    )


def _rendered(result: "Result", settings: "Settings", notes: list[str]) -> str:
    from wabiz_monitoring._core.text import clean

    notes = [clean(note, 400) for note in notes]
    if settings.json:
        from .as_json import as_json

        return as_json(result, notes) + "\n"
    from .lines import lines

    return "\n".join([*lines(result, settings.verbose), *notes]) + "\n"


def _traceback(error: BaseException) -> list[str]:
    import traceback

    return [line for block in traceback.format_exception(error) for line in block.splitlines()]


def _failed(name: str, error: BaseException, arguments: list[str]) -> str:
    # Reached through a fault of ours, a broken installation, or Ctrl-C; the message of a foreign exception may hold
    # anything, a secret too, so only its kind and place are told.
    where = error.__traceback__
    while where and where.tb_next:
        where = where.tb_next
    place = f"{os.path.basename(where.tb_frame.f_code.co_filename)}:{where.tb_lineno}" if where else "nowhere"
    missing = f" ({error.name} is not installed)" if isinstance(error, ModuleNotFoundError) else ""
    line = f"WABIZ {name.upper()} UNKNOWN - internal error: {type(error).__name__}{missing} at {place}"
    if isinstance(error, KeyboardInterrupt):
        return f"WABIZ {name.upper()} UNKNOWN - interrupted\n"
    if any(word.startswith("-vvv") for word in arguments):
        places = []
        where = error.__traceback__
        while where:
            places.append(f"  {where.tb_frame.f_code.co_filename}:{where.tb_lineno} {where.tb_frame.f_code.co_name}")
            where = where.tb_next
        return "\n".join([line, *places]) + "\n"
    return line + "; report it with the output of -vvv\n"
