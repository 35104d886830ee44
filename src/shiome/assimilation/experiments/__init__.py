"""Published experiments, one short file per paper, each with the number that the paper printed."""

from shiome.assimilation.experiments import (
    bocquet_2011,
    bocquet_2015,
    bocquet_sakov_2013,
    sakov_oke_2008,
    spantini_2022,
)
from shiome.assimilation.experiments.experiment import Experiment

TABLE: tuple[Experiment, ...] = (
    *sakov_oke_2008.EXPERIMENTS,
    *bocquet_2015.EXPERIMENTS,
    *bocquet_2011.EXPERIMENTS,
    *bocquet_sakov_2013.EXPERIMENTS,
    *spantini_2022.EXPERIMENTS,
)
"""All of them, in the order of the table in the documentation."""

__all__ = ["TABLE", "Experiment"]
