"""One synthetic record, and what is computed from it once for all tests of this room."""

from pathlib import Path
from typing import NamedTuple

import pytest

from shiome.data.splits import blocked, past_only
from shiome.showcases.seasonal.config import Config
from shiome.showcases.seasonal.hindcast import Scheme, run_schemes
from shiome.showcases.seasonal.inputs import observe
from tests.showcases.record import synthetic_record

MEMBERS, SEED = 12, 3


class Files(NamedTuple):
    sst: str
    indices: str
    rain: str
    folder: Path


@pytest.fixture(scope="session")
def record():
    return synthetic_record()


@pytest.fixture(scope="session")
def files(record, tmp_path_factory):
    folder = tmp_path_factory.mktemp("record")
    return Files(
        record.write_sst(folder / "sst.nc"),
        record.write_indices(folder / "indices.csv"),
        record.write_rain(folder / "rain.csv"),
        folder,
    )


@pytest.fixture(scope="session")
def observed(files):
    """The record without the simulated ocean, so that a fit takes no time."""
    return observe(Config(sst=files.sst, ocean=False))


@pytest.fixture(scope="session")
def blocks(observed):
    return blocked(observed.years)


@pytest.fixture(scope="session")
def schemes(observed, blocks):
    past = past_only(observed.years, 1997)
    return {"cv": Scheme(tuple(blocks), with_field=True), "pastonly": Scheme((past,))}


@pytest.fixture(scope="session")
def verified(observed, schemes, blocks):
    return run_schemes(observed, schemes, blocks, members=MEMBERS, seed=SEED)
