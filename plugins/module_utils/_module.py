# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""A module of this collection as Ansible sees it: nothing leaves it but by the place that knows the secrets.

Ansible hides the values of secret options wherever they stand in what a module returns, in numbers too, and shows all
other options whatever is in them. Here the options that are shown are chosen, and foreign text is compared with the
secrets before it becomes part of a result.
"""

from __future__ import annotations

import os
import re
from typing import Any, Callable, Dict, Iterator, Mapping, NamedTuple, Optional, Set, Tuple

from ansible.module_utils.ansible_release import __version__ as ansible_version
from ansible.module_utils.basic import AnsibleModule

from ._api import REQUIRED_BY, argument_spec, failure, look_at_files
from ._core.address import shown as without_path
from ._core.catalogue import Trouble
from ._core.misuse import Misuse
from ._core.redaction import Redaction
from ._core.session import Credentials
from ._core.text import Message, say
from ._edge.files import no_path
from ._edge.leaving import leaving_at_once

_LEAST = (2, 17)
"""Of ansible-core; with an older one Ansible only warns, and what fails then fails without a reason."""
_LONGEST = 1000
_HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
_FITTING = {
    "int": say("a whole number"),
    "float": say("a number"),
    "bool": say("true or false"),
    "dict": say("a dictionary"),
}
_ADDRESSES = ("url", "hostname")
_ADDRESS = r"(?:[A-Za-z]+://)?(?:[\w.-]+|\[?[0-9A-Fa-f:.]+(?:%[\w.-]+)?\]?)(?::[0-9]{1,5})?(?:/|\Z)"
# Facts may hold the variables of a node, and have been shown where they were gathered.
_NOT_SHOWN = ("support",)


class Outcome(NamedTuple):
    """What a module returns, and whether it failed."""

    returned: Mapping[str, Any]
    failed: bool = False


class Module(AnsibleModule):  # type: ignore[misc]
    """A module that asks the API, or judges what it said."""

    def __init__(self, options: Mapping[str, Mapping[str, Any]]) -> None:
        """`options` are those beside the ones of the API."""
        self._place: Optional[Redaction] = None
        super().__init__(
            argument_spec={**argument_spec(), **options}, required_by=REQUIRED_BY, supports_check_mode=True
        )
        if tuple(map(int, ansible_version.split(".")[:2])) < _LEAST:
            self.fail_json(
                msg="wabiz.monitoring needs ansible-core %d.%d or newer; this is %s" % (*_LEAST, ansible_version)
            )

    @property
    def place(self) -> Redaction:
        """Where all that is returned is shown; it knows the secrets among the options, sound or not."""
        if self._place is None:
            self._place = _place(self.params)
        return self._place

    def run(self, work: Callable[[], Outcome]) -> None:
        """Return what the work comes to; the module is over then."""
        try:
            outcome = work()
        except Misuse as error:
            look_at_files(self.params, str(error), self.caution)
            outcome = Outcome({"msg": self.place.foreign(str(error), _LONGEST).shown()}, failed=True)
        except Trouble as trouble:
            outcome = Outcome(failure(trouble), failed=True)
        except Exception as error:
            outcome = Outcome({"msg": _internal(error)}, failed=True)
        # Not within the handlers, where Ansible adds the exception's own words.
        with leaving_at_once():
            if outcome.failed:
                self.fail_json(**outcome.returned)
            self.exit_json(**outcome.returned)

    def caution(self, note: str) -> None:
        """Warn of something that the user should know; the note may quote what the user wrote."""
        self.warn(self.place.foreign(note, _LONGEST).shown())

    def exit_json(self, **returned: Any) -> None:
        """As Ansible's, with the options that may be shown."""
        super().exit_json(**self._with_invocation(returned))

    def fail_json(self, msg: str, **returned: Any) -> None:
        """As Ansible's, with the options that may be shown. Ansible itself calls it for options that are wrong."""
        told = msg if isinstance(msg, Message) else self._without_unfit(msg)
        super().fail_json(msg=told, **self._with_invocation(returned))

    def log(self, msg: str, log_args: Optional[Mapping[str, Any]] = None) -> None:
        """As Ansible's; the options of an invocation that may not be shown are not logged either."""
        if log_args is not None:
            log_args = self._options()
            msg = "Invoked with %s" % " ".join("%s=%s" % option for option in log_args.items())
        super().log(msg, log_args=log_args)

    def _with_invocation(self, returned: Mapping[str, Any]) -> Dict[str, Any]:
        # Hidden already, where they stand; Ansible would make texts of numbers that have a secret's digits in them.
        self.no_log_values: Set[str] = set()
        return {"invocation": {"module_args": self._options()}, **returned}

    def _without_unfit(self, msg: str) -> Message:
        """A message of Ansible's; it repeats what does not fit an option, which may be a secret that slipped there."""
        for name, (value, fitting) in self._unfit().items():
            if value in msg:
                return say(
                    "option %s takes %s; what was given is not repeated, as it may be a secret",
                    self.place.foreign(name),
                    fitting,
                )
        return self.place.foreign(msg, _LONGEST).shown()

    def _unfit(self) -> Dict[str, Tuple[str, Message]]:
        """Options that are not made for any text and were given one that does not fit: that text, and what would."""
        unfit = {}
        for name, value in self.params.items():
            option = self.argument_spec.get(name) or {}
            choices = option.get("choices") or ()
            fitting = _FITTING.get(str(option.get("type")))
            if choices:
                fitting = say("one of %s", self.place.foreign(", ".join(map(str, choices))))
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str) and fitting is not None and text not in choices:
                    unfit[name] = text, fitting
        return unfit

    def _options(self) -> Dict[str, Any]:
        shown = {}
        unfit = self._unfit()
        for name, value in self.params.items():
            told = self.argument_spec.get(name)
            # A name that does not exist is a mistyped one: of a secret, perhaps.
            hidden = told is None or told.get("no_log") or name in _NOT_SHOWN or name in unfit
            if name in _ADDRESSES and isinstance(value, str):
                value = without_path(value)
                # What is no address may be anything.
                hidden = hidden or not re.match(_ADDRESS, value)
            hidden = hidden or (told is not None and told.get("type") == "path" and no_path(str(value)))
            shown[self._shown(name)] = self._shown(value) if value is None or not hidden else _HIDDEN
        return shown

    def _shown(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.place.foreign(value, _LONGEST).shown()
        if isinstance(value, Mapping):
            return {self._shown(str(name)): self._shown(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._shown(item) for item in value]
        return value if value is None or isinstance(value, (bool, int, float)) else _HIDDEN


def _place(params: Mapping[str, Any]) -> Redaction:
    given = (params.get("username"), params.get("password"), params.get("token"))
    place = Redaction(
        Credentials(*(None if word is None else str(word) for word in given)),
        dict(_headers(params.get("headers"))),
        os.environ,
        str(params.get("url") or ""),
    )
    for variable in ("WA_WEB_PASSWORD", "WA_WEB_TOKEN"):
        place.learn(os.environ.get(variable, ""))
    for option in ("url", "hostname"):
        for secret in _in_address(str(params.get(option) or "")):
            place.learn(secret)
    return place


def _in_address(address: str) -> Iterator[str]:
    """What does not belong in an address, and may be secret: a password, a query, a fragment."""
    rest = address.rpartition("://")[2]
    user, at, _place = rest.rpartition("@")
    if at:
        yield user.partition(":")[2] or user
    for mark in "?#":
        yield rest.partition(mark)[2]


def _headers(given: Any) -> Iterator[Tuple[str, str]]:
    """Headers, also those that are given in a form in which they cannot be used."""
    if isinstance(given, Mapping):
        yield from ((str(name), str(value)) for name, value in given.items())
    elif given:
        for number, line in enumerate(re.split("[,;\n]", str(given))):
            yield "a secret %d" % number, re.split("[:=]", line, maxsplit=1)[-1].strip(" '\"{}[]")


def _internal(error: BaseException) -> Message:
    # A fault of ours; the words of a foreign exception may hold anything, so only its kind and place are told.
    where = error.__traceback__
    while where and where.tb_next:
        where = where.tb_next
    place = "%s:%d" % (os.path.basename(where.tb_frame.f_code.co_filename), where.tb_lineno) if where else "nowhere"
    return say("internal error: %s at %s; report it", Message(type(error).__name__), Message(place))
