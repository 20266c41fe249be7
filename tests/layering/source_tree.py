"""The sources of a tree, for the checks of layers and style."""
import pathlib
import re

CODE_SUFFIXES = {".h", ".cpp"}
TEXT_SUFFIXES = CODE_SUFFIXES | {".py", ".proto", ".toml", ".txt", ".md", ".sh", ".in", ".json"}
TEXT_NAMES = {"demo", "install-packages", "run"}
_SKIPPED = {"build", ".git", "__pycache__"}

_COMMENT_OR_LITERAL = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | R"\((?:.*?)\)" | "(?:\\.|[^"\\\n])*" | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'""",
    re.VERBOSE | re.DOTALL)


def files(root, wanted):
    """Paths below `root`, relative to it and sorted, for which `wanted(path)` holds."""
    root = pathlib.Path(root)
    found = []
    for path in root.rglob("*"):
        relative = path.relative_to(root)
        if path.is_file() and not _SKIPPED & set(relative.parts) and wanted(relative):
            found.append(relative)
    return sorted(found)


def is_code(path):
    return path.suffix in CODE_SUFFIXES


def is_text(path):
    return path.suffix in TEXT_SUFFIXES or path.name in TEXT_NAMES


def without_comments_and_literals(text):
    """The same lines with comments and what is between quotes taken out; quotes of includes stay."""
    def blank(match):
        line = text[text.rfind("\n", 0, match.start()) + 1:match.start()]
        if line.strip().startswith("#include"):
            return match.group(0) if match.group(0).startswith('"') else ""
        return "\n" * match.group(0).count("\n")
    return _COMMENT_OR_LITERAL.sub(blank, text)
