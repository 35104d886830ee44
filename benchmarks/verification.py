"""Verification of a large ensemble hindcast, side by side with xskillscore.

ACC and RMSE of the ensemble mean and CRPS, by lead and place, of a **synthetic** hindcast of
starts × 12 leads × 108 members × 48 × 96 in single precision, read from one Zarr store (408 starts:
9.7 GB). Each library runs in its own process, so that peak memory is its own; xskillscore runs
lazily on Dask's threads, over the store's chunks, all three scores in one pass.

    python -m benchmarks.verification --starts 408
"""

import argparse
import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import xarray as xr

LEADS, MEMBERS, LATITUDES, LONGITUDES = 12, 108, 48, 96
STARTS_PER_CHUNK = 4  # 96 MB, about the size that Dask recommends
SCORES = ("acc", "rmse", "crps")


def write_hindcast(store: Path, starts: int) -> None:
    """Write a synthetic hindcast whose skill falls with lead."""
    import zarr

    group = zarr.open_group(store, mode="w")
    cell = (LATITUDES, LONGITUDES)
    fcst = group.create_array(
        "fcst",
        shape=(starts, LEADS, MEMBERS, *cell),
        chunks=(min(starts, STARTS_PER_CHUNK), LEADS, MEMBERS, *cell),
        dtype="float32",
        compressors=None,
        dimension_names=("start", "lead", "member", "latitude", "longitude"),
    )
    obs = group.create_array(
        "obs",
        shape=(starts, LEADS, *cell),
        chunks=(starts, LEADS, *cell),
        dtype="float32",
        compressors=None,
        dimension_names=("start", "lead", "latitude", "longitude"),
    )
    random = np.random.default_rng(0)
    skill = np.linspace(0.95, 0.4, LEADS, dtype=np.float32)[:, None, None]
    noise = np.sqrt(1 - skill**2)
    seen = np.empty(obs.shape, np.float32)
    for start in range(starts):
        signal = random.standard_normal((LEADS, *cell), dtype=np.float32)
        error = random.standard_normal((LEADS, *cell), dtype=np.float32)
        seen[start] = skill * signal + noise * error
        if start % STARTS_PER_CHUNK == 0:
            count = min(STARTS_PER_CHUNK, starts - start)
            block = np.empty((count, LEADS, MEMBERS, *cell), np.float32)
        here = block[start % STARTS_PER_CHUNK]
        random.standard_normal(out=here, dtype=np.float32)
        here *= noise[:, None]
        here += (skill * signal)[:, None]
        if start % STARTS_PER_CHUNK == count - 1:
            fcst[start - count + 1 : start + 1] = block
    obs[:] = seen


def with_shiome(store: Path) -> xr.Dataset:
    from shiome.verification import verify_hindcast

    data = xr.open_zarr(store, consolidated=False, chunks=None)
    return verify_hindcast(data["fcst"], data["obs"].load(), dim="start")[list(SCORES)]


def with_xskillscore(store: Path) -> xr.Dataset:
    import xskillscore

    data = xr.open_zarr(store, consolidated=False)
    fcst, obs = data["fcst"], data["obs"].load()
    mean = fcst.mean("member").chunk(start=-1)
    by_chunk = obs.chunk(start=fcst.chunksizes["start"])
    scores = {
        "acc": xskillscore.pearson_r(mean, obs.chunk(), dim="start"),
        "rmse": xskillscore.rmse(mean, obs.chunk(), dim="start"),
        "crps": xskillscore.crps_ensemble(by_chunk, fcst, dim="start"),
    }
    return xr.Dataset(scores).compute()


def in_double_precision(store: Path) -> xr.Dataset:
    """Xskillscore again, in double precision at some places of the first lead."""
    import xskillscore

    data = xr.open_zarr(store, consolidated=False)
    few = data.isel(lead=[0], latitude=slice(None, None, 8), longitude=slice(None, None, 8))
    fcst, obs = few["fcst"].compute().astype(np.float64), few["obs"].compute().astype(np.float64)
    scores = {
        "acc": xskillscore.pearson_r(fcst.mean("member"), obs, dim="start"),
        "rmse": xskillscore.rmse(fcst.mean("member"), obs, dim="start"),
        "crps": xskillscore.crps_ensemble(obs, fcst, dim="start"),
    }
    return xr.Dataset(scores)


WORKERS = {
    "shiome": with_shiome,
    "xskillscore": with_xskillscore,
    "xskillscore, double precision": in_double_precision,
}


def measure(name: str, store: Path, result: Path) -> dict[str, float]:
    """Run one library in a process of its own: seconds of work (not of imports), peak MiB."""
    command = [sys.executable, "-m", "benchmarks.verification"]
    command += ["--worker", name, "--store", str(store), "--result", str(result)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def work(name: str, store: Path, result: Path) -> None:
    """Score the store once and say what it took (in the child process)."""
    if name != "shiome":
        import xskillscore  # noqa: F401  (its compilation is not timed)
    else:
        import shiome.verification  # noqa: F401
    begun, begun_cpu = time.perf_counter(), time.process_time()
    scores = WORKERS[name](store)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - begun_cpu
    scores.to_netcdf(result)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "peak_mib": peak}))


def main(starts: int = 96, folder: str | None = None) -> list[dict[str, object]]:
    """Measure both, print the table, return its rows.

    Parameters
    ----------
    starts
        Number of forecast starts; 24 MB of disk each, 408 in the target.
    folder
        Where the temporary store is written (default: the system's).
    """
    accelerated = importlib.util.find_spec("numba") is not None
    with tempfile.TemporaryDirectory(dir=folder) as place:
        store = Path(place) / "hindcast.zarr"
        write_hindcast(store, starts)
        cost = {n: measure(n, store, Path(place) / f"{n}.nc") for n in WORKERS}
        scores = {n: xr.load_dataset(Path(place) / f"{n}.nc") for n in WORKERS}
    ours = scores["shiome"]
    few = ours.isel(lead=[0], latitude=slice(None, None, 8), longitude=slice(None, None, 8))
    gap = {
        "single": _largest_gap(ours, scores["xskillscore"]),
        "double": _largest_gap(few, scores["xskillscore, double precision"]),
    }
    peer, own = cost["xskillscore"], cost["shiome"]
    row: dict[str, object] = {
        "benchmark": f"verification, {starts} starts × {LEADS} × {MEMBERS} × 48 × 96",
        "peer": "xskillscore" + (" with numba" if accelerated else " without numba"),
        "seconds": own["seconds"],
        "peer_seconds": peer["seconds"],
        "speed_ratio": peer["seconds"] / own["seconds"],
        "cpu_seconds": own["cpu_seconds"],
        "peer_cpu_seconds": peer["cpu_seconds"],
        "cpu_ratio": peer["cpu_seconds"] / own["cpu_seconds"],
        "peak_mib": own["peak_mib"],
        "peer_peak_mib": peer["peak_mib"],
        "memory_ratio": peer["peak_mib"] / own["peak_mib"],
        "largest_difference": gap["single"],
        "largest_difference_double": gap["double"],
    }
    print(f"{row['benchmark']} (synthetic), beside {row['peer']}")
    print(f"{'':14}{'shiome':>12}{'peer':>12}{'peer / shiome':>16}")
    lines = [
        ("time, s", "seconds", "speed_ratio"),
        ("CPU time, s", "cpu_seconds", "cpu_ratio"),
        ("peak, MiB", "peak_mib", "memory_ratio"),
    ]
    for label, key, ratio in lines:
        print(f"{label:14}{row[key]:12.1f}{row['peer_' + key]:12.1f}{row[ratio]:16.2f}")
    print(
        f"largest difference of any score: {gap['single']:.1e} (peer in single precision), "
        f"{gap['double']:.1e} (peer in double precision, {few.sizes['latitude']} × "
        f"{few.sizes['longitude']} places, lead 1)"
    )
    return [row]


def _largest_gap(one: xr.Dataset, other: xr.Dataset) -> float:
    return max(float(abs(one[name] - other[name]).max(skipna=False)) for name in SCORES)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=96)
    parser.add_argument("--folder", help="where the temporary store is written")
    parser.add_argument("--worker", choices=list(WORKERS), help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--result", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.worker, options.store, options.result)
    else:
        main(options.starts, options.folder)
