"""Style that a program can see; the rest is in the review."""
import re

import source_tree

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
TEST_LINES_MAX = 100  # a test may hold a table of cases

_LEFTOVER = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
_SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep)\b|\bsleep\s*\(")
_MACHINE_PATH = re.compile(r"(?<![\w.*])/(home|root|work|mnt|Users)/\w")
_NOT_FUNCTION = re.compile(r"^(namespace|class|struct|enum|union|extern|template\s*<[^>]*>\s*(class|struct))\b")


def problems(root):
    """One line for each offence in the tree."""
    found = []
    for path in source_tree.files(root, source_tree.is_text):
        text = (root / path).read_text()
        lines = text.splitlines()
        if len(lines) > FILE_LINES_MAX and path.suffix in source_tree.CODE_SUFFIXES | {".py"}:
            found.append(f"{path}: {len(lines)} lines; more than {FILE_LINES_MAX} means two ideas: split it")
        for number, line in enumerate(lines, 1):
            if _LEFTOVER.search(line):
                found.append(f"{path}:{number}: unfinished business: {line.strip()}")
            if _MACHINE_PATH.search(line):
                found.append(f"{path}:{number}: a path of somebody's machine: {line.strip()}")
        if source_tree.is_code(path):
            found += _code_problems(path, source_tree.without_comments_and_literals(text).splitlines())
    return found


def _must_not_sleep(path):
    """Programs that torment daemons at random moments, and the helper that polls, have to."""
    of_units = path.parts[0] == "tests" and path.parts[1] in ("unit", "rfc", "fuzz")
    return of_units or path.stem.endswith("_test")


def _code_problems(path, lines):
    found = []
    lines_max = TEST_LINES_MAX if path.parts[0] == "tests" else FUNCTION_LINES_MAX
    if _must_not_sleep(path):
        found += [f"{path}:{number}: tests wait for a condition, they do not sleep: {line.strip()}"
                  for number, line in enumerate(lines, 1) if _SLEEP.search(line)]
    begin = None
    for number, line in enumerate(lines, 1):
        # As clang-format lays it out: a function outside of classes ends with a brace in the first column.
        if line.endswith("{") and not line.startswith((" ", "}")):
            begin = None if _NOT_FUNCTION.match(line) else number
        elif line.startswith("}}"):  # of a table
            begin = None
        elif line.rstrip() == "}" and begin is not None:
            if number - begin + 1 > lines_max:
                found.append(f"{path}:{begin}: a function of {number - begin + 1} lines; "
                             f"more than {lines_max} means two ideas: split it")
            begin = None
    return found
