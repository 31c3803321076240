# SPDX-License-Identifier: BSD-2-Clause
"""The plan of the house: who may import whom, under which licence each file stands, and what no file may say."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import PurePath

import collection

ROOT = collection.ROOT
DOMAIN = "plugins/module_utils/_core"
SHARED_EDGE = "plugins/module_utils/_edge"
CORE = "wabiz_monitoring._core"
EDGE = "wabiz_monitoring._edge"
COLLECTION = "ansible_collections.wabiz.monitoring"

#: Where a folder's modules live when they are imported; the longest folder that fits counts.
NAMES = {
    DOMAIN: CORE,
    SHARED_EDGE: EDGE,
    "plugins": f"{COLLECTION}.plugins",
    "checks": "wabiz_monitoring",
    "tests": "tests",
}

#: What the modules of a folder may import beside the standard library and their own package: the arrows go one way.
MAY_IMPORT = {
    DOMAIN: (),
    # From here the domain is one folder up, in the collection and in the distribution.
    SHARED_EDGE: (CORE,),
    "plugins/module_utils": (
        "ansible",
        f"{COLLECTION}.plugins.module_utils._core",
        f"{COLLECTION}.plugins.module_utils._edge",
    ),
    "plugins/modules": ("ansible", f"{COLLECTION}.plugins.module_utils"),
    "plugins/doc_fragments": (),
    "plugins/plugin_utils": ("ansible", f"{COLLECTION}.plugins.module_utils"),
    "plugins/filter": ("ansible", f"{COLLECTION}.plugins.plugin_utils"),
    "checks/source": ("requests", "urllib3", CORE, EDGE),
    "checks/plugin": ("nagiosplugin", "wabiz_monitoring.source", CORE, EDGE),
    "checks/fleet": ("requests", "urllib3", "nagiosplugin", "yaml", "wabiz_monitoring.source", CORE, EDGE),
    "checks/simulator": ("starlette", "uvicorn", "trustme", "yaml", CORE, EDGE),
    "checks": ("wabiz_monitoring.plugin", "wabiz_monitoring.source", CORE, EDGE),
}

#: Modules that reach out of the process. The domain may know their errors, and nothing else of them.
REACHES_OUT = frozenset(
    (
        *(
            "asyncio",
            "ftplib",
            "glob",
            "http",
            "io",
            "logging",
            "multiprocessing",
            "os",
            "pathlib",
            "select",
            "selectors",
        ),
        *("shutil", "smtplib", "socket", "socketserver", "sqlite3", "ssl", "subprocess", "sys", "syslog", "tempfile"),
        *("urllib.request", "webbrowser"),
    )
)

#: Functions that do so without any import.
SPEAKS = frozenset(("breakpoint", "compile", "eval", "exec", "input", "open", "print"))

#: The licence of a folder's files; the longest folder that fits counts.
LICENCES = {
    "": "BSD-2-Clause",
    "plugins/modules": "GPL-3.0-or-later",
    "plugins/doc_fragments": "GPL-3.0-or-later",
    "plugins/plugin_utils": "GPL-3.0-or-later",
    "plugins/filter": "GPL-3.0-or-later",
}

#: Kinds of files without room for a comment, or whose licence the project as a whole states.
WITHOUT_NOTICE = frozenset((".json", ".md", ".rst", ".svg", ".png", ".typed"))

#: Places that exist on one machine only.
MACHINE = re.compile(r"/(wor[k]|far[m])/[a-z]|/roo[t]/|/hom[e]/[a-z]|/tm[p]/dev\b|\.pyen[v]\b|/op[t]/pypi")


@cache
def files() -> tuple[PurePath, ...]:
    """Every file of the project."""
    return tuple(collection.files())


def sources(folder: str) -> Iterator[PurePath]:
    """The Python files below a folder."""
    return (path for path in files() if path.suffix == ".py" and path.is_relative_to(folder))


def fitting(path: PurePath, table: Mapping[str, object]) -> str:
    """The longest folder of a table that a file is in."""
    return max((folder for folder in table if path.is_relative_to(folder)), key=len)


@cache
def tree(path: PurePath) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), str(path), feature_version=(3, 10))


def package(path: PurePath) -> list[str]:
    """The package that a file's relative imports start from."""
    folder = fitting(path, NAMES)
    return [*NAMES[folder].split("."), *path.parent.relative_to(folder).parts]


def imports(path: PurePath) -> Iterator[str]:
    """The full names of the modules that a file imports, wherever it does so."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            here = package(path)[: len(package(path)) - node.level + 1] if node.level else []
            module = [*here, *([node.module] if node.module else [])]
            # `from package import module` imports the module; for any other name the package is enough.
            yield from (".".join([*module, name.name]) for name in node.names)


def within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in packages)


def own_modules(folder: str) -> tuple[str, ...]:
    """What a room calls its own: its package, but of the root only the modules that are in no other room."""
    name = ".".join(package(PurePath(folder, "_")))
    if folder != "checks":
        return (name,)
    return tuple(f"{name}.{path.stem}" for path in sources(folder) if fitting(path, MAY_IMPORT) == folder)


def foreign(path: PurePath) -> list[str]:
    """What a file imports although its room must not."""
    folder = fitting(path, MAY_IMPORT)
    # The version is the root's, and every room may tell it.
    allowed = (*MAY_IMPORT[folder], "wabiz_monitoring.__version__", *own_modules(folder))
    return sorted(
        name
        for name in imports(path)
        if name.split(".")[0] not in sys.stdlib_module_names and not within(name, allowed)
    )


def offenders(paths: Iterable[PurePath], offences: Callable[[PurePath], list[str]]) -> dict[str, list[str]]:
    """Each file that offends, and with what."""
    return {str(path): found for path in paths if (found := offences(path))}


def inhabitants() -> list[PurePath]:
    """The Python files that are in a room."""
    return [path for folder in MAY_IMPORT for path in sources(folder) if fitting(path, MAY_IMPORT) == folder]


def test_a_file_imports_only_what_its_room_may() -> None:
    assert offenders(inhabitants(), foreign) == {}


def test_every_python_file_of_collection_and_distribution_is_in_a_room() -> None:
    assert {*sources("plugins"), *sources("checks")} - set(inhabitants()) == set()


def test_what_modules_are_made_of_is_python_3_8() -> None:
    for path in sources("plugins/module_utils"):
        ast.parse((ROOT / path).read_text(encoding="utf-8"), str(path), feature_version=(3, 8))


def absolute_imports(path: PurePath) -> list[str]:
    """The modules that a file imports by their full name, but for the standard library's."""
    nodes = (node for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom) and not node.level)
    return [node.module for node in nodes if node.module and node.module.split(".")[0] not in sys.stdlib_module_names]


def test_what_has_two_names_finds_itself_by_relative_imports_only() -> None:
    assert offenders((*sources(DOMAIN), *sources(SHARED_EDGE)), absolute_imports) == {}


def reaching_out(path: PurePath) -> list[str]:
    """What a file uses of the modules that reach out, other than their errors, and of the functions that do."""
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and not node.level and within(node.module or "", tuple(REACHES_OUT)):
            found += [f"{node.module}.{name.name}" for name in node.names if not is_error(node.module or "", name.name)]
        elif isinstance(node, ast.Import):
            # Under its own name, so that each use can be told.
            found += [name.name for name in node.names if name.asname and within(name.name, tuple(REACHES_OUT))]
        elif isinstance(node, ast.Attribute):
            module = ast.unparse(node.value)
            if module in imported_modules(path) and within(module, tuple(REACHES_OUT)):
                found += [] if is_error(module, node.attr) else [f"{module}.{node.attr}"]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SPEAKS:
            found.append(node.func.id)
    return found


def imported_modules(path: PurePath) -> set[str]:
    nodes = (node for node in ast.walk(tree(path)) if isinstance(node, ast.Import))
    return {name.name for node in nodes for name in node.names}


def is_error(module: str, name: str) -> bool:
    value = getattr(importlib.import_module(module), name)
    return isinstance(value, type) and issubclass(value, BaseException)


def test_the_domain_does_no_input_or_output() -> None:
    assert offenders(sources(DOMAIN), reaching_out) == {}


def test_no_test_mixes_the_two_names_of_the_domain() -> None:
    # Two names are two modules: their classes are strangers to each other.
    def both_names(path: PurePath) -> list[str]:
        named = {name.split(".")[0] for name in imports(path)} & {"wabiz_monitoring", "ansible_collections"}
        return sorted(named) if len(named) > 1 else []

    assert offenders(sources("tests"), both_names) == {}


#: Templates that are handed on, from the tables of the same file.
HANDED_ON = {"plugins/module_utils/_core/deadline.py": "text", "plugins/module_utils/_core/failure.py": "text"}

#: Who may call something a message that `say` did not make: words of ours, or what a place has shown already.
MAKES_MESSAGES = {
    "checks/plugin/lines.py": ("pair[1].state.name",),
    "checks/plugin/run.py": ("spot", "type(cause).__name__", "text", "place"),
    "plugins/module_utils/_api.py": ("trouble.remedy[:1].upper() + trouble.remedy[1:]",),
    "plugins/module_utils/_module.py": ("type(error).__name__", "place"),
    "plugins/module_utils/_core/deployment.py": ("part.strip()",),
    "plugins/module_utils/_core/gate.py": ("_in_our_words(finding.remedy)", "pair[1].state.name"),
    "plugins/module_utils/_core/redaction.py": ("raw", "clean(raw, longest)", "clean_name(raw)"),
    "plugins/module_utils/_core/report.py": ("'%s: %s' % (check, finding.text)",),
    "plugins/module_utils/_core/text.py": (
        *("''", "'(withheld: it repeats a secret)'", "template", "listed(items, most)", "between.join(*)"),
        *("template % {*}", "template % parts", "template % tuple(map(_spelled, parts))", "'%d %s' % (*)"),
    ),
    "plugins/module_utils/_core/times.py": ("moment.strftime(pattern)",),
    "plugins/module_utils/_core/units.py": ("'%s %s' % (*)",),
}


def calls(path: PurePath, function: str) -> Iterator[ast.Call]:
    """The calls of a function by its name, with something in them."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function and node.args:
            yield node


def is_literal(node: ast.expr, path: PurePath) -> bool:
    """Whether an expression is text that stands in the file: itself, or by the name of a constant."""
    if isinstance(node, ast.IfExp):
        return is_literal(node.body, path) and is_literal(node.orelse, path)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        values = constants(path).get(node.value.id)
        return isinstance(values, ast.Dict) and all(is_literal(value, path) for value in values.values)
    if isinstance(node, ast.Name):
        return node.id in constants(path) and is_literal(constants(path)[node.id], path)
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def constants(path: PurePath) -> dict[str, ast.expr]:
    return {
        target.id: node.value
        for node in tree(path).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def test_the_template_of_a_message_is_a_literal() -> None:
    def computed(path: PurePath) -> list[str]:
        templates = [call.args[0] for call in calls(path, "say") if not is_literal(call.args[0], path)]
        return [told for told in map(ast.unparse, templates) if told != HANDED_ON.get(str(path))]

    assert offenders((*sources("plugins"), *sources("checks")), computed) == {}


def test_what_becomes_a_message_without_that_is_known() -> None:
    def unknown(path: PurePath) -> list[str]:
        made = [ast.unparse(call.args[0]) for call in calls(path, "Message")]
        known = [re.escape(one).replace("\\*", ".*") for one in MAKES_MESSAGES.get(str(path), ())]
        return [one for one in made if not any(re.fullmatch(rule, one) for rule in known)]

    assert offenders((*sources("plugins"), *sources("checks")), unknown) == {}


def noticed() -> Iterator[PurePath]:
    """The files that say their licence: all but the licences themselves, empty ones and a few kinds."""
    for path in files():
        if path.parts[0] != "LICENSES" and path.suffix not in WITHOUT_NOTICE and (ROOT / path).stat().st_size:
            yield path


def test_a_file_says_its_licence() -> None:
    def wrong_licence(path: PurePath) -> list[str]:
        head = (ROOT / path).read_text(encoding="utf-8").splitlines()[:5]
        said = [line.partition("SPDX-License-Identifier: ")[2] for line in head if "SPDX-License-Identifier: " in line]
        return [] if said == [LICENCES[fitting(path, LICENCES)]] else said or ["none"]

    assert offenders(noticed(), wrong_licence) == {}


def test_every_licence_is_there_in_full() -> None:
    assert {path.stem for path in files() if path.parts[0] == "LICENSES"} == set(LICENCES.values())


def test_no_file_speaks_of_the_machine_that_it_was_made_on() -> None:
    def places(path: PurePath) -> list[str]:
        return [found[0] for found in MACHINE.finditer((ROOT / path).read_bytes().decode("utf-8", "replace"))]

    assert offenders(files(), places) == {}
