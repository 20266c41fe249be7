"""usage: summary.py DIRECTORY SECONDS [TROUBLE...]

Sums up what ctest wrote to DIRECTORY/PRESET-FOLDER.xml: a line a folder, what failed, and a closing line. Each
TROUBLE, such as a build that failed, counts as a failure."""
import collections
import pathlib
import sys
import xml.etree.ElementTree

Outcome = collections.namedtuple("Outcome", "where name state seconds said")


def outcomes(directory):
    for file in sorted(pathlib.Path(directory).glob("*.xml")):
        for case in xml.etree.ElementTree.parse(file).getroot().iter("testcase"):
            state = {"run": "passed", "fail": "failed", "notrun": "skipped", "disabled": "skipped"}[case.get("status")]
            said = case.findtext("system-out") or ""
            reason = case.find("skipped")
            # A program that was not built is not run either, and that is no skip.
            if reason is not None and not reason.get("message", "").startswith("SKIP_"):
                state = "failed"
            yield Outcome(file.stem, case.get("name"), state, float(case.get("time", 0)), said)


def main():
    directory, seconds, troubles = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    all_of_them = list(outcomes(directory))
    print(f"\n{'TESTS':<16} {'PASSED':>6} {'FAILED':>6} {'SKIPPED':>7} {'SECONDS':>8}")
    for where in sorted({outcome.where for outcome in all_of_them}):
        here = [outcome for outcome in all_of_them if outcome.where == where]
        count = collections.Counter(outcome.state for outcome in here)
        time = sum(outcome.seconds for outcome in here)
        print(f"{where:<16} {count['passed']:>6} {count['failed']:>6} {count['skipped']:>7} {time:>8.1f}")
    for outcome in all_of_them:
        if outcome.state == "skipped":
            why = outcome.said.strip().splitlines() or ["it does not say why"]
            print(f"skipped: {outcome.where} {outcome.name}: {why[-1]}")
    for outcome in all_of_them:
        if outcome.state == "failed":
            print(f"FAILED: {outcome.where} {outcome.name}")
    for trouble in troubles:
        print(f"FAILED: {trouble}")
    passed = sum(outcome.state == "passed" for outcome in all_of_them)
    failed = sum(outcome.state == "failed" for outcome in all_of_them) + len(troubles)
    print(f"took {seconds // 60} min {seconds % 60} s")
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
