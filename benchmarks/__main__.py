"""Run all benchmarks, or those named, and print one table."""

import argparse
import importlib
import pkgutil
import sys

import benchmarks
from benchmarks.table import MissingPeerError, Row, show

NAMES = [m.name for m in pkgutil.iter_modules(benchmarks.__path__)]
NAMES = sorted(set(NAMES) - {"__main__", "synthetic", "table", "torch_nets"})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    chosen = parser.parse_args().names or NAMES
    if unknown := set(chosen) - set(NAMES):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; expected {', '.join(NAMES)}")
    rows: list[Row] = []
    skipped = []
    for name in chosen:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            rows += importlib.import_module(f"benchmarks.{name}").main()
        except MissingPeerError as missing:
            skipped.append(f"{name} skipped: needs {missing}")
    show(rows)
    print(*skipped, sep="\n", end="\n" if skipped else "")


if __name__ == "__main__":
    main()
