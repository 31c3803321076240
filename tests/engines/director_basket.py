# SPDX-License-Identifier: BSD-2-Clause
"""The checks as a basket for the Icinga Director, made from the table of options and the defaults of the role.

`python -m engines.director_basket`, in the folder `tests`, writes the file beside the plain check commands. Commands
and custom variables have the same names in both (check_commands.py), so that a host can move from one to the other;
services and dependencies are those of the role's template, the dependent `all` included.

A secret is no option, and so there is no field for one: what is typed into the Director lies in its database, in its
history, and in whatever it ever deployed. A check finds secrets in the file that `wabiz_extra_opts` names.

An object is known by its name, a field by what it says: version 1.10 refuses a basket with UUIDs, 1.11 does without.
There is no basket in the basket either: each time that 1.10 restores one, it adds all objects to it once more.
"""

import functools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import yaml
from wabiz_monitoring.check_all import CHECK, CHECKS
from wabiz_monitoring.plugin import Check

from .check_commands import FILE as COMMANDS
from .check_commands import PREFIX, Argument, arguments

FILE = COMMANDS.with_name("director-basket.json")
DEFAULTS = COMMANDS.parents[2] / "defaults" / "main.yml"

ALL = (*CHECKS, CHECK)
SPOKESMEN = ("socket", "all")
"""Which service tells that the API does not answer: the first that a host has."""

HOST_TEMPLATE = "wabiz-deployment"
SERVICE_TEMPLATE = "wabiz-service"
CATEGORY = "WhatsApp Business"
CHECK_LIST = "wabiz checks"

_TYPE = "Icinga\\Module\\Director\\DataType\\DataType"
_ACRONYMS = {"ca": "CA", "url": "URL"}

Plain = dict[str, Any]
"""What JSON calls an object."""


@functools.cache
def _default(name: str) -> Any:
    """What a variable of the role is by default."""
    return yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))[f"check_plugins_{name}"]


def _service(check: str) -> str:
    return f"{_default('service_prefix')}{check}"


class Field(NamedTuple):
    """A custom variable in the Director's forms."""

    variable: str
    caption: str
    description: str
    group: str
    data_type: str
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def category(self) -> str:
        """The heading under which it stands."""
        return f"{CATEGORY}: {self.group}"

    def plain(self) -> Plain:
        """As it stands in a basket."""
        return {
            "varname": self.variable,
            "caption": self.caption,
            "description": self.description,
            "datatype": _TYPE + self.data_type,
            "format": None,
            "settings": dict(self.settings),
            "category": self.category,
        }


def _field(check: Check, argument: Argument) -> Field:
    option, variable = argument
    words = variable.removeprefix(PREFIX).split("_")
    caption = " ".join(_ACRONYMS.get(word, word) for word in words)
    description = f"{option.help}. {check.thresholds}" if option.metavar == "RANGE" else option.help
    return Field(variable, caption[0].upper() + caption[1:], description, option.group, _data_type(argument))


def _data_type(argument: Argument) -> str:
    if argument.switch:
        return "Boolean"
    if argument.option.action == "append":
        return "Array"
    # What a host is given as a number has to come out as one: the role's template adds to it.
    read = getattr(argument.option.read, "__annotations__", {}).get("return")
    return "Number" if read in (int, float) else "String"


def _fields_of(checks: Iterable[Check]) -> Iterator[Field]:
    return (_field(check, argument) for check in checks for argument in arguments(check))


CHECKS_FIELD = Field(
    f"{PREFIX}checks",
    "Checks",
    "the checks that the host gets",
    "Checks",
    "Datalist",
    (("behavior", "strict"), ("data_type", "array"), ("datalist", CHECK_LIST)),
)
# Those of several checks stand here once.
FIELDS = tuple(dict.fromkeys([CHECKS_FIELD, *_fields_of(ALL)]))
"""All of them; objects of a basket refer to them by number."""


def _linked(fields: Iterable[Field]) -> list[Plain]:
    """What an object with these fields says of them."""
    return [
        {"datafield_id": FIELDS.index(field) + 1, "is_required": "n", "var_filter": None}
        for field in sorted(set(fields))
    ]


def _command(check: Check) -> Plain:
    return {
        "object_type": "object",
        "methods_execute": "PluginCheck",
        # In PluginDir.
        "command": check.command,
        "arguments": {argument.flag: _argument(argument) for argument in arguments(check)},
        "vars": {f"{PREFIX}hostname": "$address$"},
        "fields": _linked(_fields_of([check])),
    }


def _argument(argument: Argument) -> Plain:
    macro = f"${argument.variable}$"
    described = {"description": argument.option.help}
    if argument.switch:
        return {**described, "set_if": macro}
    if argument.option.metavar.startswith("["):
        # An optional value stands in one word with its option, and the Director knows no separator.
        return {**described, "value": f"{argument.flag}={macro}", "skip_key": True}
    return {**described, "value": macro}


def _host_template() -> Plain:
    return {
        "object_type": "template",
        # A deployment is an API; whoever has a machine to ask imports a template of his own besides.
        "check_command": "dummy",
        "vars": {CHECKS_FIELD.variable: _default("checks")},
        "fields": _linked(FIELDS),
    }


def _service_templates() -> Iterator[tuple[str, Plain]]:
    yield (
        SERVICE_TEMPLATE,
        {"object_type": "template", "retry_interval": str(_default("retry_interval")), "fields": []},
    )
    for check in ALL:
        attempts = "attempts" if check.name in SPOKESMEN else "dependent_attempts"
        yield (
            f"{SERVICE_TEMPLATE}-{check.name}",
            {
                "object_type": "template",
                "imports": [SERVICE_TEMPLATE],
                "check_command": f"{PREFIX}{check.name}",
                "check_interval": str(_default(f"{check.name}_interval")),
                "max_check_attempts": str(_default(attempts)),
                "vars": {f"{PREFIX}check": check.name},
                "fields": [],
            },
        )


def _has(check: str) -> str:
    return f"%22{check}%22=host.vars.{CHECKS_FIELD.variable}"


def _before(check: str) -> Sequence[str]:
    """Who speaks in its place, where a host has both."""
    return SPOKESMEN[: SPOKESMEN.index(check)] if check in SPOKESMEN else ()


def _foremost(check: str) -> list[str]:
    """A filter for hosts that have it, and nobody who speaks in its place."""
    return [_has(check), *(f"!({_has(other)})" for other in _before(check))]


def _service_sets() -> Iterator[tuple[str, Plain]]:
    """Sets of one service, as it takes a set to apply a service by a basket."""
    for check in ALL:
        name = _service(check.name)
        yield name, _service_set(check, _foremost(check.name))
        for other in _before(check.name):
            attempts = {"max_check_attempts": str(_default("dependent_attempts"))}
            yield f"{name} after {_service(other)}", _service_set(check, [_has(check.name), _has(other)], **attempts)


def _service_set(check: Check, where: Iterable[str], **properties: str) -> Plain:
    service = {"object_type": "object", "imports": [f"{SERVICE_TEMPLATE}-{check.name}"], "fields": [], **properties}
    return {
        "object_type": "template",
        "description": check.asks,
        "assign_filter": "&".join(where),
        "services": _named({_service(check.name): service}),
    }


def _dependency(spokesman: str) -> Plain:
    """When the API does not answer, one service tells so."""
    of = f"service.vars.{PREFIX}check"
    return {
        "object_type": "apply",
        "apply_to": "service",
        "parent_service_by_name": _service(spokesman),
        "states": ["OK", "Warning"],
        "disable_notifications": True,
        "disable_checks": False,
        "ignore_soft_states": False,
        "assign_filter": "&".join([f"{of}=true", f"{of}!=%22{spokesman}%22", *_foremost(spokesman)]),
    }


def _check_list() -> Plain:
    entries = {check.name: f"{check.name}: {check.asks}" for check in ALL}
    return {
        "list_name": CHECK_LIST,
        "owner": CATEGORY,
        "entries": [
            {"entry_name": name, "entry_value": entries[name], "format": "string", "allowed_roles": None}
            for name in sorted(entries)
        ],
    }


def _named(objects: Mapping[str, Plain]) -> Plain:
    return {name: {"object_name": name, **objects[name]} for name in sorted(objects)}


def basket() -> Plain:
    """The objects, by type and name."""
    return {
        "Command": _named({f"{PREFIX}{check.name}": _command(check) for check in ALL}),
        "HostTemplate": _named({HOST_TEMPLATE: _host_template()}),
        "ServiceTemplate": _named(dict(_service_templates())),
        "ServiceSet": _named(dict(_service_sets())),
        "Dependency": _named({_service(spokesman): _dependency(spokesman) for spokesman in SPOKESMEN}),
        "DataList": {CHECK_LIST: _check_list()},
        "Datafield": {str(number): field.plain() for number, field in enumerate(FIELDS, start=1)},
        "DatafieldCategory": {
            name: {"category_name": name, "description": None} for name in sorted({field.category for field in FIELDS})
        },
    }


def made() -> str:
    """What the file has to hold."""
    return json.dumps(basket(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(made(), encoding="utf-8")
    print(FILE)
