"""Build the samples in ``src/shiome/data/files`` from packages that anyone can get by name.

    python scripts/build_samples.py               # fetch the packages, write the samples
    python scripts/build_samples.py --from DIR    # use packages that already lie in DIR
    python scripts/build_samples.py --check       # rebuild elsewhere, compare with what ships

Needs pip, npm, apt-get and dpkg for the fetching. Every number a sample is made with stands in
its recipe (folder ``samples``) and is written to the provenance record beside the file.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from samples import ATLAS, FERRET, JCM, STATSMODELS, Sample, coast, fields, seafloor

TARGET = Path(__file__).parents[1] / "src" / "shiome" / "data" / "files"
RECIPES = (
    fields.sst_anomaly,
    fields.sst_climatology,
    fields.coads,
    fields.navy_winds,
    fields.ocean_temperature,
    fields.relief,
    fields.nino12,
    coast.coastlines,
    *seafloor.basins,
)


def run(*command: str, cwd: Path) -> None:
    """Run one ordinary client and stop the build where it fails."""
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)


def found(folder: Path, pattern: str) -> Path | None:
    """Return the first file that matches, or nothing."""
    return next(iter(sorted(folder.glob(pattern))), None)


def fetch(folder: Path) -> None:
    """Fetch and unpack into ``folder`` whatever is not there yet."""
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", ".")
    for _, name, version in (JCM, STATSMODELS):
        if not found(folder, f"{name}-{version}*.whl"):
            run(*pip, f"{name}=={version}", cwd=folder)
        if not (folder / name).is_dir():
            wheel = found(folder, f"{name}-{version}*.whl")
            assert wheel is not None
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder / name)
    if not (folder / "ferret").is_dir():
        if not found(folder, "ferret-datasets_*.deb"):
            run("apt-get", "download", "--quiet", FERRET[1], cwd=folder)
        run("dpkg", "-x", str(found(folder, "ferret-datasets_*.deb")), "ferret", cwd=folder)
    if not (folder / "package").is_dir():
        if not found(folder, "world-atlas-*.tgz"):
            run("npm", "pack", "--silent", f"{ATLAS[1]}@{ATLAS[2]}", cwd=folder)
        run("tar", "-xzf", str(found(folder, "world-atlas-*.tgz")), cwd=folder)


def content_digest(path: Path) -> str:
    """SHA-256 of what the file says (packed values and attributes), whatever library wrote it."""
    digest = hashlib.sha256()
    with xr.open_dataset(path, decode_cf=False) as dataset:
        for name in sorted(dataset.variables, key=str):
            variable = dataset.variables[name]
            attrs = {k: str(v) for k, v in sorted(variable.attrs.items())}
            digest.update(json.dumps([str(name), variable.dims, attrs]).encode())
            digest.update(np.ascontiguousarray(variable.values).tobytes())
    return digest.hexdigest()


def write(sample: Sample, target: Path) -> None:
    """Write the packed netCDF and the provenance record beside it."""
    path = target / f"{sample.id}.nc"
    encoding: dict[Any, dict[str, Any]] = {}
    for name, step in sample.steps.items():
        packed = {"dtype": "int16", "scale_factor": step, "add_offset": 0.0, "_FillValue": -32768}
        encoding[name] = {**packed, "zlib": True, "complevel": 9, "shuffle": True}
        largest = float(np.abs(sample.dataset[name]).max())
        assert largest / step < 32767, f"{sample.id}: {name} does not fit 16 bits"
    for name in set(sample.dataset.variables) - set(sample.steps):
        encoding[name] = {"_FillValue": None}
    if "time" in sample.dataset.coords:
        encoding["time"] = {"units": "days since 1950-01-01", "dtype": "int32", "_FillValue": None}
    dataset = sample.dataset.drop_encoding()
    dataset.attrs = {"Conventions": "CF-1.11", "title": sample.title}
    dataset.to_netcdf(path, engine="netcdf4", encoding=encoding)
    registry, package, version = sample.origin
    record = {
        "id": sample.id,
        "title": sample.title,
        "kind": sample.kind,
        "license": sample.license,
        "citation": sample.citation,
        "description": sample.description,
        "file": path.name,
        "origin": {"where": registry, "package": package, "version": version,
                   "paths": sample.paths},
        "transformations": sample.transformations,
        "parameters": sample.parameters,
        "packing_steps": sample.steps,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "content_sha256": content_digest(path),
    }  # fmt: skip
    text = json.dumps(record, indent=2, ensure_ascii=False)
    path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


def compare(built: Path, shipped: Path) -> int:
    """Print how each rebuilt sample compares with the shipped one; the number that differ."""
    differ = 0
    for path in sorted(built.glob("*.nc")):
        other = shipped / path.name
        same = other.exists() and content_digest(path) == content_digest(other)
        differ += not same
        print(f"{path.name}: {'same' if same else 'DIFFERENT'}")
    return differ


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the samples that ship with Shiome.")
    parser.add_argument("--from", dest="source", type=Path, help="folder of fetched packages")
    parser.add_argument("--check", action="store_true", help="compare with the shipped samples")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        source = options.source or Path(scratch) / "packages"
        target = Path(scratch) / "samples" if options.check else TARGET
        source.mkdir(exist_ok=True)
        target.mkdir(exist_ok=True)
        fetch(source.resolve())
        for recipe in RECIPES:
            sample = recipe(source)
            write(sample, target)
            print(f"{sample.id}: {(target / f'{sample.id}.nc').stat().st_size / 1024:.0f} KiB")
        return compare(target, TARGET) if options.check else 0


if __name__ == "__main__":
    sys.exit(main())
