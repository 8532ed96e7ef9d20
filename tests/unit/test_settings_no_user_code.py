"""No user code and no user templates anywhere (S44): walked over every module of ours."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(p for room in ("hub", "plugins") for p in (ROOT / room).rglob("*.py"))
CALLS = {"eval", "exec", "compile", "__import__", "render_template_string", "Markup"}
MODULE_NAMES = {"pickle", "marshal", "shelve", "dill"}
ATTRIBUTES = {("yaml", "load"), ("yaml", "unsafe_load"), ("yaml", "full_load"), ("os", "system")}


def offences(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            names.append(getattr(node, "module", None) or "")
            yield from (name for name in names if name.split(".")[0] in MODULE_NAMES)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield from CALLS & {node.func.id}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = getattr(node.func.value, "id", "")
            if (owner, node.func.attr) in ATTRIBUTES:
                yield f"{owner}.{node.func.attr}"
            if node.func.attr == "format" and not fixed(node.func.value):
                yield f"line {node.lineno}: format on a text that is not a literal"


def fixed(text):
    """A literal, or a constant of the module by its upper-case name."""
    return isinstance(text, ast.Constant) or getattr(text, "id", "").isupper()


def allowed(path, offence):
    """Log formatters have a method called ``format`` too."""
    return path.name == "logs.py" and "format on a text" in offence


def test_nothing_that_was_stored_is_ever_run():
    found = [
        f"{path.relative_to(ROOT)}: {offence}"
        for path in MODULES
        for offence in offences(ast.parse(path.read_text()))
        if not allowed(path, offence)
    ]
    assert found == []


def test_the_walk_finds_what_it_looks_for():
    bad = "import pickle\nfrom marshal import loads\neval(x)\nyaml.load(t)\ntext.format(a=1)\n"
    assert len(list(offences(ast.parse(bad)))) == 5
