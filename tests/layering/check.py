"""usage: check.py layers|style ROOT    Prints what is wrong with the tree; exit status 1 when anything is."""
import pathlib
import sys

import layers
import style


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("layers", "style"):
        print(__doc__, file=sys.stderr)
        return 64
    check = layers if sys.argv[1] == "layers" else style
    found = check.problems(pathlib.Path(sys.argv[2]))
    for problem in found:
        print(problem)
    print(f"{sys.argv[1]}: {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
