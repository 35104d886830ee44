"""The package as a whole: light to import, its public names real."""

import importlib
import json
import pkgutil
import re
import subprocess
import sys

import pytest

import shiome

HEAVY = ("jax", "equinox", "matplotlib", "cartopy", "dask", "distributed", "xarray", "scipy",
         "pandas", "netCDF4", "zarr", "tyro", "rich", "sklearn", "scores")  # fmt: skip


def loaded_by(statement):
    """Modules that a fresh interpreter holds after one statement."""
    code = f"{statement}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    "statement",
    [
        "import shiome",
        "import shiome.core",
        "import shiome.cli",
        "from shiome.showcases import names; names()",
    ],
)
def test_nothing_heavy_is_loaded(statement):
    assert not set(loaded_by(statement)) & set(HEAVY)


def test_configurations_are_light():
    """So that the command line answers at once."""
    statement = "from shiome.showcases import names, showcase\nfor n in names(): showcase(n)"
    assert not set(loaded_by(statement)) & {"jax", "matplotlib", "cartopy", "xarray", "dask"}


def packages():
    return [m.name for m in pkgutil.walk_packages(shiome.__path__, "shiome.") if m.ispkg]


@pytest.mark.parametrize("name", packages())
def test_public_names_exist_and_are_sorted_once(name):
    package = importlib.import_module(name)
    public = getattr(package, "__all__", [])
    assert len(public) == len(set(public))
    for item in public:
        assert hasattr(package, item), f"{name}.{item}"


def test_every_room_speaks_in_its_docstring():
    for name in packages():
        assert (importlib.import_module(name).__doc__ or "").strip(), name


def test_the_version_is_one():
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", shiome.__version__)
