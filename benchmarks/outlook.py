"""`shiome run seasonal` as a whole process: start-up, compilation, hindcasts, figures.

There is no peer; the goal on two quiet cores is a minute and 2 GiB.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.table import Cost, Row, in_own_process, show


def run_outlook() -> Cost:
    """Cost of the process and its children, in a process that has had no others."""
    with tempfile.TemporaryDirectory() as folder:
        script = str(Path(sys.executable).with_name("shiome"))
        command = [script, "run", "seasonal", "--out", f"{folder}/outlook"]
        begun = time.perf_counter()
        process = subprocess.Popen(
            command,
            env={**os.environ, "JAX_PLATFORMS": "cpu"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert process.stderr is not None
        said = process.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        if status or not Path(folder, "outlook", "index.html").exists():
            raise RuntimeError(f"the outlook failed:\n{said[-2000:]}")
    peak = usage.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
    return Cost(seconds, usage.ru_utime + usage.ru_stime, peak)


def main() -> list[Row]:
    """Measure one run at default size."""
    ours = in_own_process(run_outlook)
    note = "goal 60 s and 2048 MiB on two quiet cores, compilation included"
    return [Row("seasonal outlook", "default size, whole process", ours, note=note)]


if __name__ == "__main__":
    show(main())
