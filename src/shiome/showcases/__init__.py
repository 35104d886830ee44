"""Systems built from the elements: one package each, a typed ``Config`` and a ``run``.

A showcase is a subpackage whose ``config.py`` defines ``TITLE`` and a frozen dataclass ``Config``
and whose ``run.py`` defines ``run(config, out, *, overwrite, scheduler) -> Path``. Configurations
import nothing heavy, so that the command line answers at once.
"""

import importlib
import pkgutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shiome.core.errors import ConfigError


@dataclass(frozen=True)
class Showcase:
    """One showcase as the command line and the pages see it.

    Parameters
    ----------
    name, title
        Short name, and one line for people.
    description
        What it does: the docstring of its package.
    config
        The configuration's class.
    """

    name: str
    title: str
    description: str
    config: type[Any]

    def run(
        self, config: Any, out: str | Path, *, overwrite: bool = False, scheduler: str | None = None
    ) -> Path:
        """Run it and return the folder of its report."""
        module = importlib.import_module(f"{__name__}.{self.name}.run")
        return module.run(config, out, overwrite=overwrite, scheduler=scheduler)


def names() -> list[str]:
    """Names of all showcases, in alphabetical order."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.ispkg)


def showcase(name: str) -> Showcase:
    """Look one showcase up.

    Raises
    ------
    ConfigError
        If there is none of that name.
    """
    if name not in names():
        raise ConfigError(f"there is no showcase {name!r}; expected one of: {', '.join(names())}.")
    package = importlib.import_module(f"{__name__}.{name}")
    module = importlib.import_module(f"{__name__}.{name}.config")
    return Showcase(name, module.TITLE, (package.__doc__ or "").strip(), module.Config)
