# SPDX-License-Identifier: BSD-2-Clause
"""One run of a check, from its words to its exit status. Whatever happens, the output is a plugin's."""

# Only what cannot fail is imported up here: a library that is missing must end in UNKNOWN, not in exit status 1.
import contextlib
import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from wabiz_monitoring._core.deadline import Deadline
    from wabiz_monitoring._core.policy import Policy
    from wabiz_monitoring._core.redaction import Redaction
    from wabiz_monitoring._core.result import Result
    from wabiz_monitoring._core.text import Message, Word
    from wabiz_monitoring._edge.files import Files

    from . import Check
    from .parser import Settings

    T = TypeVar("T")

_UNKNOWN = 3
_LONGEST = 400
"""Characters of a note or of a usage error."""
_USAGE = "usage"
_SHADOWED = "it is broken, of another version, or in the way of one that is not (PYTHONPATH): install the checks anew"
_INTERNAL = "internal"
"""What stands where JSON names a problem when a run did not come to one of the catalogue."""


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
    from wabiz_monitoring._core.deadline import Deadline
    from wabiz_monitoring._edge.files import Files

    from .options import EXTRA_OPTS, UsageError
    from .parser import HelpWanted, parse, time_limit

    deadline = Deadline(time_limit(arguments))
    words, files = list(arguments), Files()
    try:
        secrets = dict[str, str]()
        if any(word.startswith(EXTRA_OPTS) for word in words):
            from .extra_opts import expand

            secrets = _within(deadline, lambda: expand(words, check, files), files, "the options")
        # What the files say holds for all that follows; but the time that they took is gone.
        deadline = deadline.changed(time_limit(words))
        settings = _within(deadline, lambda: parse(check, words, secrets, files), files, "the options")
        return _judged(check, settings, deadline, files)
    except HelpWanted as help_wanted:
        return _UNKNOWN, str(help_wanted)
    except UsageError as error:
        return _UNKNOWN, _misused(check.name, str(error), words, deadline, files)


def _within(deadline: "Deadline", work: "Callable[[], T]", files: "Files", what: str = "") -> "T":
    """The outcome of a part of the run, or its exception. What is not read in time is a usage error.

    `what` is read by a part of the run that does nothing else.
    """
    from wabiz_monitoring._core.catalogue import Trouble
    from wabiz_monitoring._core.deadline import within

    from .options import UsageError

    try:
        return within(deadline, work, sys._current_frames)
    except Trouble:
        files.reading = files.reading or what
        if files.reading:
            raise UsageError(str(files.stuck(deadline.seconds))) from None
        raise


def _judged(check: "Check", settings: "Settings", begun: "Deadline", files: "Files") -> tuple[int, str]:
    from wabiz_monitoring._core.catalogue import Trouble
    from wabiz_monitoring._core.redaction import Redaction

    place = Redaction(settings.credentials, settings.headers, os.environ, settings.url or "")
    deadline = begun.changed(settings.timeout, _where(settings, place))
    notes, traces = list[str](), list["Message"]()

    def told(result: "Result") -> tuple[int, str]:
        return int(result.state), _rendered(result, settings, [*_shown([*files.notes, *notes], place), *traces])

    try:
        # All of it: a hostile answer may be long in the telling, too.
        return _within(deadline, lambda: told(_result(check, settings, deadline, files, notes, place)), files)
    except Trouble as trouble:
        from wabiz_monitoring._core.result import from_trouble

        if settings.verbose > 2:
            traces += _traceback(trouble, place)
        return told(from_trouble(check.name, trouble, _policy(settings)))


def _where(settings: "Settings", place: "Redaction") -> "Word":
    from urllib.parse import urlsplit

    if settings.file is not None:
        from wabiz_monitoring.source.saved import name

        return name(settings.file, place)
    return place.foreign(urlsplit(settings.url or "").netloc)


def _result(
    check: "Check",
    settings: "Settings",
    deadline: "Deadline",
    files: "Files",
    notes: list[str],
    place: "Redaction",
) -> "Result":
    from wabiz_monitoring._core.deployment import parse as parse_deployment
    from wabiz_monitoring._core.judge import judge
    from wabiz_monitoring._core.misuse import Misuse

    from .options import UsageError
    from .sources import source

    answer = source(settings, files, notes, place).fetch(deadline)
    if settings.verbose > 1:
        notes.append(f"the answer has {len(answer.body)} bytes, asked for at {answer.asked_at:%Y-%m-%d %H:%M:%S} UTC")
    deployment = parse_deployment(answer.body, place)
    policy = _policy(settings)._replace(asked_at=answer.asked_at, clock_known=answer.clock_known)
    try:
        return judge(check.name, deployment, policy, settings.without)
    except Misuse as error:
        raise UsageError(str(error)) from None


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


def _shown(texts: "Sequence[str]", place: "Redaction | None" = None) -> list["Message"]:
    """Notes and usage errors; they quote what a user wrote, who may have written a secret where none belongs."""
    if place is None:
        from wabiz_monitoring._core.redaction import Redaction
        from wabiz_monitoring._core.session import Credentials

        known = (os.environ.get(f"WA_WEB_{name}") for name in ("USERNAME", "PASSWORD", "TOKEN"))
        place = Redaction(Credentials(*known), {}, os.environ)
    return [place.foreign(text, _LONGEST).shown() for text in texts]


def _rendered(result: "Result", settings: "Settings", notes: list["Message"]) -> str:
    if settings.json:
        from .as_json import as_json

        return as_json(result, notes) + "\n"
    from .lines import lines

    return "\n".join([*lines(result, settings.verbose), *notes]) + "\n"


def _misused(name: str, mistake: str, words: list[str], deadline: "Deadline", files: "Files") -> str:
    """What a usage error prints: one line, also of what is to be known of the files nevertheless."""
    from wabiz_monitoring._core.catalogue import Trouble
    from wabiz_monitoring._core.deadline import within

    from .parser import look_at_files

    with contextlib.suppress(Trouble):
        within(deadline, lambda: look_at_files(words, mistake, files))
    from wabiz_monitoring._core.text import say

    told, *notes = _shown([mistake, *files.notes])
    if "--json" in words:
        return _json(name, _USAGE, say("usage: %s", told), notes)
    besides = f" (besides: {'; '.join(notes)})" if notes else ""
    return f"WABIZ {name.upper()} UNKNOWN - usage: {told}{besides}\n"


def _json(name: str, problem: str, text: "Message", notes: "Sequence[Message]" = ()) -> str:
    """A run that came to no result, in the shape of one that did."""
    from wabiz_monitoring._core.result import Finding, Result
    from wabiz_monitoring._core.states import State
    from wabiz_monitoring._core.text import NOTHING

    from .as_json import as_json

    return as_json(Result(name, text, (Finding(State.UNKNOWN, text, NOTHING, problem),)), list(notes)) + "\n"


def _traceback(error: BaseException, place: "Redaction") -> list["Message"]:
    """Where an exception and its causes were raised, and what they say, which may be the server's words."""
    from wabiz_monitoring._core.text import Message, say

    told = []
    cause: BaseException | None = error
    while cause is not None:
        told += [say("  %s", Message(spot)) for spot in _places(cause)]
        told.append(say("%s: %s", Message(type(cause).__name__), place.foreign(str(cause), _LONGEST)))
        cause = cause.__cause__ or cause.__context__
    return told


def _failed(name: str, error: BaseException, arguments: list[str]) -> str:
    # Reached through a fault of ours, a broken installation, or Ctrl-C; the message of a foreign exception may hold
    # anything, a secret too, so only its kind and place are told.
    text, places = "interrupted", list[str]()
    if not isinstance(error, KeyboardInterrupt):
        places = _places(error)
        missing = f" ({error.name} is not installed)" if isinstance(error, ModuleNotFoundError) else ""
        last = os.path.basename(places[-1].split(" ")[0]) if places else "nowhere"
        library = _library(error)
        text = f"internal error: {type(error).__name__}{missing} {library or f'at {last}'}"
        if not any(word.startswith("-vvv") for word in arguments):
            text, places = f"{text}; {_SHADOWED if library else 'report it with the output of -vvv'}", []
    if "--json" in arguments:
        # It may be just what is broken.
        with contextlib.suppress(BaseException):
            from wabiz_monitoring._core.text import Message

            # Our own words, and names of files and functions that are installed here.
            return _json(name, _INTERNAL, Message(text), [Message(place) for place in places])
    return "\n".join([f"WABIZ {name.upper()} UNKNOWN - {text}", *(f"  {place}" for place in places)]) + "\n"


def _library(error: BaseException) -> str:
    """The library that failed, and where it lies; nothing if it was a file of ours or of Python's own."""
    line = 0
    if isinstance(error, SyntaxError):
        path, line = error.filename or "", error.lineno or 0
    elif isinstance(error, ImportError) and error.path:
        path = error.path
    elif isinstance(error, AttributeError) and isinstance(error.obj, type(os)):
        path = getattr(error.obj, "__file__", None) or ""
    else:
        path, line = _last(error)
    ours, python = (os.path.dirname(folder) for folder in (os.path.dirname(__file__), os.__file__))
    foreign = not path.startswith(python + os.sep) or "-packages" in path
    if not os.path.isabs(path) or path.startswith(ours + os.sep) or not foreign:
        return ""
    above = max((each for each in sys.path if each and path.startswith(each + os.sep)), key=len, default="")
    name = path[len(above) :].strip(os.sep).partition(os.sep)[0].removesuffix(".py")
    where = "".join(each if each.isprintable() and each != "|" else "?" for each in path)
    return f"in the library {name} ({where}{f':{line}' if line else ''})"


def _last(error: BaseException) -> tuple[str, int]:
    """File and line of the last frame that is not one of the import itself."""
    path, line = "", 0
    where = error.__traceback__
    while where:
        if not where.tb_frame.f_code.co_filename.startswith("<frozen "):
            path, line = where.tb_frame.f_code.co_filename, where.tb_lineno
        where = where.tb_next
    return path, line


def _places(error: BaseException) -> list[str]:
    places = []
    where = error.__traceback__
    while where:
        code = where.tb_frame.f_code
        places.append(f"{code.co_filename}:{where.tb_lineno} {code.co_name}")
        where = where.tb_next
    return places
