# SPDX-License-Identifier: BSD-2-Clause
"""The checks as check commands of Icinga 2, made from the table of options.

`python tests/engines/check_commands.py` writes the role's file, in the manner of the Icinga Template Library: one
custom variable for each option. What differs from check to check has the check's name in it (`wabiz_space_warning`);
what says where the API is, or which nodes count, has not (`wabiz_url`, `wabiz_node`): a host says it once for all.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from wabiz_monitoring.check_all import CHECK, CHECKS
from wabiz_monitoring.plugin import Check
from wabiz_monitoring.plugin.options import Option, options_of

FILE = Path(__file__).parents[2] / "roles" / "check_plugins" / "files" / "icinga2" / "wabiz-commands.conf"

PREFIX = "wabiz_"
OWN = ("--warning", "--critical", "--state")
"""Options that mean something else for each check."""
LEFT_OUT = ("--json", "--version", "--help")
"""Options whose output an engine could make nothing of."""

_HEADER = """\
// SPDX-License-Identifier: BSD-2-Clause
// Made from the options of the checks by tests/engines/check_commands.py: change those, not this file.

// Where the checks are, unless a file that is read earlier says so.
if (!globals.contains("WabizPluginDir")) {
    const WabizPluginDir = PluginDir
}
"""


class Argument(NamedTuple):
    """An option of a check, and the custom variable that sets it."""

    option: Option
    variable: str

    @property
    def flag(self) -> str:
        """The long form: there a value may begin with a dash."""
        return self.option.flags[-1]

    @property
    def switch(self) -> bool:
        """Whether it is set without a value."""
        return self.option.action in ("store_true", "count")


def arguments(check: Check) -> Iterator[Argument]:
    """What can be set for a check."""
    for option in options_of(check):
        flag = option.flags[-1]
        if flag not in LEFT_OUT:
            word = flag.lstrip("-").replace("-", "_")
            yield Argument(option, f"{PREFIX}{check.name}_{word}" if flag in OWN else f"{PREFIX}{word}")


def check_command(check: Check) -> str:
    """The object of one check."""
    lines = [
        f'object CheckCommand "{PREFIX}{check.name}" {{',
        f'\tcommand = [ WabizPluginDir + "/{check.command}" ]',
        "\targuments = {",
        *(line for argument in arguments(check) for line in _argument(argument)),
        "\t}",
        "",
        "\t// The host's address, unless the command line or the file of wabiz_extra_opts says where.",
        '\tenv.WA_WEB_ENDPOINT = "$address$"',
        "}",
    ]
    return "\n".join(lines) + "\n"


def _argument(argument: Argument) -> Iterator[str]:
    yield f'\t\t"{argument.flag}" = {{'
    yield f'\t\t\t{"set_if" if argument.switch else "value"} = "${argument.variable}$"'
    if argument.option.metavar.startswith("["):
        # An optional value stands in one word with its option.
        yield '\t\t\tseparator = "="'
    yield f"\t\t\tdescription = {json.dumps(argument.option.help)}"
    yield "\t\t}"


def text(checks: Iterable[Check]) -> str:
    """The whole file."""
    return "\n".join([_HEADER, *map(check_command, checks)])


def made() -> str:
    """What the file has to hold."""
    return text((*CHECKS, CHECK))


if __name__ == "__main__":
    FILE.write_text(made(), encoding="utf-8")
    print(FILE)
