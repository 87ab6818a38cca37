"""The page on trouble has an entry for every message that the package can raise, and no other.

`python tests/test_troubleshooting.py` writes the page's index anew.
"""

import ast
import re
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "fastneuron"
PAGE = PACKAGE / "guide" / "troubleshooting.md"
ENTRY = re.compile(r"^- (`[^`]+`(?:,\s+`[^`]+`)*): ", re.MULTILINE)
ANY = "…"  # stands for a value
SAID = 3  # names are followed so far: a message of which a part is a constant of its module
INSIDE = {"what a branch depends on is not known"}  # is caught by the package itself
COMMON = {
    "a",
    "an",
    "the",
    "no",
    "it",
    "its",
    "there",
    "two",
    "each",
    "every",
    "some",
    "what",
}  # words that find nothing
INDEX = "## 18. First words\n"


def scope(nodes):
    """What the names stand for that are assigned once, in the statements of a function or the constants of a module."""
    assigned = {}
    for node in nodes:
        for target in getattr(node, "targets", [getattr(node, "target", None)]):
            for name in ast.walk(target) if target else ():
                if isinstance(name, ast.Name):
                    is_whole = isinstance(node, ast.Assign) and target is name
                    assigned.setdefault(name.id, []).append(node.value if is_whole else None)
    return {name: values[0] for name, values in assigned.items() if len(values) == 1}


def calls(node, names):
    """Every call below a node, with the names that are known there."""
    for child in ast.iter_child_nodes(node):
        known = names | scope(ast.walk(child)) if isinstance(child, ast.FunctionDef) else names
        if isinstance(child, ast.Call):
            yield child, known
        yield from calls(child, known)


def literal(node, names, depth=0):
    """The text that an expression is, with `ANY` for whatever is not written there."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(part, names, depth) for part in node.values)
    if isinstance(node, ast.FormattedValue) and node.conversion == -1 and node.format_spec is None:
        return literal(node.value, names, depth)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return literal(node.left, names, depth) + literal(node.right, names, depth)
    if isinstance(node, ast.Name) and names.get(node.id) is not None and depth < SAID:
        return literal(names[node.id], names, depth + 1)
    return ANY


def name_of(node):
    """The last word of what is called, or of a class that is derived from."""
    return getattr(node, "attr", getattr(node, "id", ""))


def errors(trees):
    """The package's own classes of errors."""
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return {node.name for node in classes if any(name_of(base).endswith("Error") for base in node.bases)}


def text_of(call, names, own):
    """The message of a call that makes an error or a warning, or checks an argument; None of any other."""
    name = name_of(call.func)
    if call.args and (name.endswith("Error") or name in own or name == "warn"):
        return literal(call.args[0], names)
    if name == "damaged" or (isinstance(call.func, ast.Call) and ast.unparse(call.func) == "type(error)"):
        return literal(call.args[-1], names)
    of_check = name_of(getattr(call.func, "value", None)) == "_check" and name not in ("shown", "place")
    if of_check and call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str):
        return f"{call.args[0].value} must be {ANY}; got {ANY}"
    return None


@cache
def messages():
    """Every message of the package, and where it is."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
    found, own = {}, errors(trees.values())
    for path, tree in trees.items():
        for call, names in calls(tree, scope(node for node in tree.body if isinstance(node, ast.Assign))):
            text = re.sub(f"{ANY}+", ANY, text_of(call, names, own) or "")
            if re.search("[a-z]", text) and text not in INSIDE:
                found.setdefault(text, f"{path.relative_to(PACKAGE.parent)}:{call.lineno}")
    return found


@cache
def entries():
    """The patterns of the page, and the number of the section that each is in."""
    found = {}
    for section in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        number = section.partition(".")[0]
        for head in ENTRY.findall(section):
            for pattern in re.findall("`([^`]+)`", head):
                found[pattern] = number
    return found


@cache
def expression(pattern):
    return re.compile(".+".join(map(re.escape, pattern.split(ANY))))


def entry_of(message):
    """The pattern that says most of the begin of a message, if one fits."""
    fitting = [pattern for pattern in entries() if expression(pattern).match(message)]
    return max(fitting, key=lambda pattern: len(pattern.replace(ANY, "")), default=None)


def test_each_message_has_an_entry():
    missing = [f"{messages()[message]} says {message!r}" for message in messages() if not entry_of(message)]
    assert not missing, (
        f"{PAGE.name} has no entry for {len(missing)} messages: add a line to the section of the subject, "
        f"'- `first words`: what it means, and what to do', with {ANY} for what is a value\n" + "\n".join(missing)
    )


def test_each_entry_is_of_a_message():
    dead = [pattern for pattern in entries() if not any(map(expression(pattern).match, messages()))]
    assert not dead, f"{PAGE.name} has entries of what nothing says any more, remove them: {dead}"


def test_a_message_without_an_entry_is_found():
    assert entry_of("dt must be a positive number of ms; got 0")
    assert not entry_of("the moon is in the way")


def test_messages_are_read_as_they_are_put_together():
    assert any(text.startswith("executor is for neurons that do not see each other") for text in messages())  # constant
    assert any(text.startswith("initial= is the end of another run") for text in messages())  # a variable
    assert "dt must be …; got …" in messages()  # a helper's


def first_words(message):
    """What a message is looked up by: its first word, or two where that finds nothing or is a value."""
    head, _, rest = message.partition(ANY)
    if not re.search(r"\w", head):  # begins with a value: by the words behind it
        words = next(re.findall(r"[\w'()-]+", part) for part in rest.split(ANY) if re.search("[a-z]", part))
        return f"{ANY} {' '.join(words[:2])}"
    words = re.findall(r"-*[\w']+", head)
    return " ".join(words[: 2 if words[0].lower() in COMMON else 1])


def index():
    """The index of the page: a line for each letter, its words with links to their sections."""
    places = {}
    for message in messages():
        if pattern := entry_of(message):
            places.setdefault(first_words(message), set()).add(int(entries()[pattern]))
    lines = {}
    for words in sorted(places, key=lambda words: (words.lstrip(f"{ANY} -").lower(), words)):
        links = " ".join(f"[{number}]" for number in sorted(places[words]))
        letter = ANY if words.startswith(ANY) else words.lstrip("-")[0].upper()
        lines.setdefault(letter, []).append(f"`{words}` {links}")
    titles = re.findall(r"^## (\d+)\. (.*)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    anchors = [re.sub(r"[^\w\- ]", "", f"{number}. {title}").lower().replace(" ", "-") for number, title in titles]
    text = [f"- **{letter}**: {', '.join(found)}" for letter, found in sorted(lines.items())]
    links = [f"[{number}]: #{anchor}" for (number, _), anchor in zip(titles, anchors, strict=True)]
    return "\n".join([*text, "", *links]) + "\n"


def test_the_index_has_the_first_words_of_all():
    there = PAGE.read_text(encoding="utf-8").partition(INDEX)[2].strip().partition("\n\n")[2]
    assert there.strip() == index().strip(), "the index is out of date: python tests/test_troubleshooting.py"


if __name__ == "__main__":
    text, _, rest = PAGE.read_text(encoding="utf-8").partition(INDEX)
    introduction = rest.strip().partition("\n\n")[0]
    PAGE.write_text(f"{text}{INDEX}\n{introduction}\n\n{index()}", encoding="utf-8")
