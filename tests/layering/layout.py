"""usage: layout.py ROOT    Asks clang-format-19 whether it would change anything. Exit status 77: it is not here."""
import pathlib
import shutil
import subprocess
import sys

import source_tree


def main():
    root = pathlib.Path(sys.argv[1])
    if shutil.which("clang-format-19") is None:
        print("clang-format-19 is not installed (deploy/install-packages test); nothing was checked")
        return 77
    sources = [str(path) for path in source_tree.files(root, source_tree.is_code)]
    return subprocess.run(["clang-format-19", "--dry-run", "-Werror", *sources], cwd=root, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
