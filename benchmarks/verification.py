"""Verification of a large ensemble hindcast, side by side with xskillscore.

ACC and RMSE of the ensemble mean and CRPS, by lead and place, of a **synthetic** hindcast of
starts × 12 leads × 108 members × 48 × 96 in single precision, read from one Zarr store (408 starts:
9.7 GB). Each library runs in its own process, so that peak memory is its own; xskillscore runs
lazily on Dask's threads, over the store's chunks, all three scores in one pass.

    python -m benchmarks.verification --starts 408
"""

import argparse
import importlib.util
import tempfile
from pathlib import Path

import numpy as np
import xarray as xr

from benchmarks.table import Cost, Row, in_own_process, measured, peer, show

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


def with_shiome(store: Path) -> tuple[Cost, xr.Dataset]:
    from shiome.verification import verify_hindcast

    with measured() as cost:
        data = xr.open_zarr(store, consolidated=False, chunks=None)
        scores = verify_hindcast(data["fcst"], data["obs"].load(), dim="start")[list(SCORES)]
    return cost, scores


def with_xskillscore(store: Path) -> tuple[Cost, xr.Dataset]:
    import xskillscore  # its compilation is not timed

    with measured() as cost:
        data = xr.open_zarr(store, consolidated=False)
        fcst, obs = data["fcst"], data["obs"].load()
        mean = fcst.mean("member").chunk(start=-1)
        by_chunk = obs.chunk(start=fcst.chunksizes["start"])
        scores = {
            "acc": xskillscore.pearson_r(mean, obs.chunk(), dim="start"),
            "rmse": xskillscore.rmse(mean, obs.chunk(), dim="start"),
            "crps": xskillscore.crps_ensemble(by_chunk, fcst, dim="start"),
        }
        computed = xr.Dataset(scores).compute()
    return cost, computed


def in_double_precision(store: Path) -> xr.Dataset:
    """Xskillscore again, in double precision at some places of the first lead."""
    import xskillscore

    few = _some_places(xr.open_zarr(store, consolidated=False))
    fcst, obs = few["fcst"].compute().astype(np.float64), few["obs"].compute().astype(np.float64)
    scores = {
        "acc": xskillscore.pearson_r(fcst.mean("member"), obs, dim="start"),
        "rmse": xskillscore.rmse(fcst.mean("member"), obs, dim="start"),
        "crps": xskillscore.crps_ensemble(obs, fcst, dim="start"),
    }
    return xr.Dataset(scores)


def main(starts: int = 96, folder: str | None = None) -> list[Row]:
    """Measure both.

    Parameters
    ----------
    starts
        Number of forecast starts; 24 MB of disk each, 408 in the target.
    folder
        Where the temporary store is written (default: the system's).
    """
    name = peer("xskillscore")
    with tempfile.TemporaryDirectory(dir=folder) as place:
        store = Path(place) / "hindcast.zarr"
        write_hindcast(store, starts)
        ours, own = in_own_process(with_shiome, store)
        theirs, other = in_own_process(with_xskillscore, store)
        exact = in_own_process(in_double_precision, store)
    assert ours.cpu_seconds
    accelerated = importlib.util.find_spec("numba") is not None
    return [
        Row(
            "ACC, RMSE, CRPS",
            f"{starts} starts × {LEADS} leads × {MEMBERS} × {LATITUDES} × {LONGITUDES} (synthetic)",
            ours,
            name + (" with numba" if accelerated else " without numba"),
            theirs,
            f"{theirs.cpu_seconds / ours.cpu_seconds:.1f} times less processor time; largest "
            f"difference of a score {_largest_gap(own, other):.1e} (peer in single precision), "
            f"{_largest_gap(_some_places(own), exact):.1e} (in double, at some places)",
        )
    ]


def _some_places(data: xr.Dataset) -> xr.Dataset:
    return data.isel(lead=[0], latitude=slice(None, None, 8), longitude=slice(None, None, 8))


def _largest_gap(one: xr.Dataset, other: xr.Dataset) -> float:
    return max(float(abs(one[name] - other[name]).max(skipna=False)) for name in SCORES)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=96)
    parser.add_argument("--folder", help="where the temporary store is written")
    options = parser.parse_args()
    show(main(options.starts, options.folder))
