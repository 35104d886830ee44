"""Shiome (潮目): where Earth simulation meets AI.

The rooms are subpackages; import the one you need, for example ``import shiome.verification``.
Nothing heavy is imported here, so ``import shiome`` is immediate.
"""

from importlib.metadata import version as _version

__version__ = _version("shiome")
