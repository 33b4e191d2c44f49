"""Every sentence in which the server says why not, as they stand in its source.

Python: what is raised as a refusal, what ends as a ``reason``. JavaScript: what the WhatsApp
process tells an operator, and what it calls a message it can't show. A value in a sentence is 8.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from handlers.requests.words import all_words
from services.errors import Refusal

ROOT = Path(__file__).resolve().parent.parent
NODE = ROOT / "services" / "whatsapp" / "baileys" / "node"
SAMPLE = "8"

# Whose first (or other) argument a person reads.
RAISED = {
    **{kind.__name__: 0 for kind in Refusal.__subclasses__()},
    "SendFailed": 0,
    "MediaUnavailable": 0,
    "Refused": 0,
    "Verdict": 1,
    "stopped": 2,
    "_fail": 2,
    "rest": 0,
}
# What only hands on a sentence that was found elsewhere.
HANDED_ON = {
    "decided.reason",
    "error",
    "error.message",
    "event.reason",
    "message",
    "reason",
    "reported.reason",
    "self._reason",
    "self.reason",
    "state.reason",
    "str(error)",
    "unusable",
}
# Tornado's own, for what it refuses before a handler of ours is asked.
TORNADO = ("Bad Request", "Forbidden", "Not Found", "Method Not Allowed")


class Unknown(Exception):
    """A reason that can't be read off the source: write it as a literal, or see ``HANDED_ON``."""


def all_reasons() -> set[str]:
    return {*_of_python(), *_of_javascript(), *all_words(), *TORNADO}


def _of_python() -> Iterator[str]:
    folders = [ROOT / "services", ROOT / "handlers"]
    trees = {path: ast.parse(path.read_text()) for each in folders for path in each.rglob("*.py")}
    # Of a name that several modules have, all of its texts count.
    constants: dict[str, set[str]] = {}
    for node in (node for tree in trees.values() for node in tree.body):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                constants.setdefault(name, set()).add(text)
    for path, tree in trees.items():
        for node in ast.walk(tree):
            for one in _seen_in(node, codes=path.parent.name == "streams"):
                yield from _sentences(one, constants, path)


def _seen_in(node: ast.AST, *, codes: bool) -> Iterator[ast.expr]:
    """The expressions that become a reason; of a stream, ``reason`` is a code for programs."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
        place = RAISED.get(name)
        if place is not None and len(node.args) > place:
            yield node.args[place]
        if not codes:
            yield from (each.value for each in node.keywords if each.arg == "reason")
    # A function that answers with a reason or with None.
    if isinstance(node, ast.FunctionDef) and node.name == "start":
        for one in ast.walk(node):
            if isinstance(one, ast.Return) and isinstance(one.value, ast.Constant):
                yield one.value


def _sentences(node: ast.expr, constants: dict[str, set[str]], path: Path) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Constant(value=None):
            return
        case ast.JoinedStr(values=parts):
            yield "".join(
                str(one.value) if isinstance(one, ast.Constant) else SAMPLE for one in parts
            )
        case ast.IfExp(body=body, orelse=orelse):
            yield from _sentences(body, constants, path)
            yield from _sentences(orelse, constants, path)
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in constants:
            yield from constants[name]
        case _:
            if ast.unparse(node) not in HANDED_ON:
                raise Unknown(f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}")


_CALL = re.compile(r"(new Refusal|unusable|close|#settle|because|unsupported)\(")
_FAILED = re.compile(r"function failed\((.*?\n\})", re.DOTALL)
_CONSTANT = re.compile(r"^const ([A-Z_]+) = '([^']+)';", re.MULTILINE)
_TEXT = re.compile(r"""'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`""")


def _of_javascript() -> Iterator[str]:
    for path in set(NODE.glob("*.js")) - {NODE / "refusal.js"}:
        text = re.sub(r"^\s*(//|\*|/\*).*$", "", path.read_text(), flags=re.MULTILINE)
        constants = dict(_CONSTANT.findall(text))
        calls = [(found[1], _arguments(text, found.end())) for found in _CALL.finditer(text)]
        calls += [("because", found[1]) for found in _FAILED.finditer(text)]
        for name, arguments in calls:
            texts = [_filled(found, constants) for found in _TEXT.finditer(arguments)]
            bare = _TEXT.sub("", arguments)
            texts += [text for constant, text in constants.items() if constant in bare]
            if name == "unsupported":
                yield from texts[:1]
            elif name == "because":
                yield from (f"{one}: {SAMPLE}" for one in texts if one[:1].isupper())
            elif "because(" not in arguments:
                yield from (one for one in texts if one[:1].isupper() or " " in one)


def _filled(found: re.Match[str], constants: dict[str, str]) -> str:
    single, double, template = found.groups(default="")
    filled = re.sub(r"\$\{([^}]*)\}", lambda one: constants.get(one[1], SAMPLE), template)
    return single or double or filled


def _arguments(text: str, start: int) -> str:
    """From an opening bracket to the one that closes it."""
    depth, end = 1, start
    while depth:
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        end += 1
    return text[start : end - 1]
