"""Trained networks in one file: a line of JSON that says what they are, then their arrays."""

import contextlib
import hashlib
import io
import json
import lzma
import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from shiome.core.errors import ConfigError, DataError, OutputError
from shiome.nets.cnn import CNN
from shiome.nets.densenet import DenseNet
from shiome.nets.resnet import ResNet, WideResNet
from shiome.nets.ring import RingNet
from shiome.nets.sharpener import sharpener
from shiome.nets.unet import UNet

# Families that a file may name; each is called as family(**settings, key=key).
FAMILIES: Mapping[str, Callable[..., PyTree]] = MappingProxyType(
    {
        "cnn": CNN,
        "densenet": DenseNet,
        "resnet": ResNet,
        "ring": RingNet,
        "sharpener": sharpener,
        "unet": UNet,
        "wide_resnet": WideResNet,
    }
)

# Every second byte is alike: position counts by two.
_PACKING = [{"id": lzma.FILTER_LZMA2, "preset": 9, "lc": 0, "lp": 1, "pb": 1}]


class Weights(NamedTuple):
    """What a file of weights holds.

    Attributes
    ----------
    networks
        One, or the members of an ensemble.
    family, settings
        What each was built from.
    about
        What else one must know to use them: scaling of the input, weights of the members, data.
    """

    networks: list[Any]
    family: str
    settings: dict[str, Any]
    about: dict[str, Any]


def save_weights(
    path: Path,
    networks: Sequence[PyTree],
    *,
    family: str,
    settings: Mapping[str, Any],
    about: Mapping[str, Any],
    half: bool = False,
    digits: int = 10,
) -> None:
    """Write networks of one architecture.

    Parameters
    ----------
    path
        File to write; replaced in one step.
    networks
        Trained from ``FAMILIES[family](**settings, key=key)``.
    family, settings
        What they were built from; settings by name, as JSON knows them.
    about
        Anything else that JSON knows.
    half
        Keep arrays in half precision and compressed: less than half the size, each value rounded
        by up to 0.05 %.
    digits
        Binary digits that are kept of each value in half precision behind its leading one: of six
        instead of ten a value is rounded by up to 0.8 %, and the file is smaller by a third.

    Raises
    ------
    ConfigError
        If a network is not what family and settings say.
    OutputError
        If the file cannot be written.
    """
    expected = _shape(family, dict(settings), f"weights for {path}")
    arrays = lambda tree: [(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(tree)]
    for i, network in enumerate(networks):
        if arrays(eqx.filter(network, eqx.is_array)) != arrays(_only_arrays(expected)):
            raise ConfigError(f"network {i} for {path} is not the {family} of {dict(settings)}.")
    body = io.BytesIO()
    stored = list(networks)
    if half:
        stored = jax.tree.map(lambda leaf: _rounded(leaf, digits), _cast(stored, jnp.float16))
    eqx.tree_serialise_leaves(body, stored)
    content = lzma.compress(body.getvalue(), filters=_PACKING) if half else body.getvalue()
    header = {
        "family": family,
        "settings": dict(settings),
        "members": len(networks),
        "half": half,
        "sha256": hashlib.sha256(content).hexdigest(),
        "about": dict(about),
    }
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(json.dumps(header).encode() + b"\n" + content)
        unfinished.replace(path)
    except OSError as reason:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise OutputError(f"{path}: weights cannot be written ({reason.strerror}).") from reason


def load_weights(path: Path) -> Weights:
    """Read networks from a file of :func:`save_weights`.

    Raises
    ------
    DataError
        If the file is missing, damaged, or of a family that this version does not know.
    """
    try:
        line, _, body = path.read_bytes().partition(b"\n")
        header = json.loads(line)
        family, settings = str(header["family"]), dict(header["settings"])
        members, digest, about = header["members"], header["sha256"], dict(header["about"])
    except OSError as reason:
        raise DataError(f"{path}: weights cannot be read ({reason.strerror}).") from reason
    except (ValueError, KeyError, TypeError) as reason:
        raise DataError(
            f"{path}: not a file of weights; expected one line of JSON and arrays."
        ) from reason
    if hashlib.sha256(body).hexdigest() != digest:
        raise DataError(f"{path}: weights are damaged (checksum); expected the file as written.")
    like = [_shape(family, settings, str(path))] * members
    half = bool(header.get("half"))
    try:
        stored = _cast(like, jnp.float16) if half else like
        body = _unpacked(body) if half else body
        networks = eqx.tree_deserialise_leaves(io.BytesIO(body), stored)
        networks = _cast(networks, jnp.float32) if half else networks
    except (RuntimeError, ValueError, EOFError, lzma.LZMAError) as reason:
        raise DataError(
            f"{path}: the arrays are not those of a {family} of {settings} in this version."
        ) from reason
    return Weights(networks, family, settings, about)


def _shape(family: str, settings: dict[str, Any], where: str) -> PyTree:
    if family not in FAMILIES:
        raise DataError(f"{where}: family {family!r}; expected one of {', '.join(FAMILIES)}.")
    try:
        return eqx.filter_eval_shape(lambda: FAMILIES[family](**settings, key=jax.random.key(0)))
    except TypeError as reason:
        raise DataError(f"{where}: {settings} are no settings of a {family}.") from reason


def _cast(tree: PyTree, dtype: Any) -> PyTree:
    """The same with floating-point arrays, or their shapes, of another precision."""

    def one(leaf: Any) -> Any:
        if not hasattr(leaf, "dtype") or not jnp.issubdtype(leaf.dtype, jnp.floating):
            return leaf
        if isinstance(leaf, jax.ShapeDtypeStruct):
            return jax.ShapeDtypeStruct(leaf.shape, dtype)
        return leaf.astype(dtype)

    return jax.tree.map(one, tree)


def _rounded(leaf: Any, digits: int) -> Any:
    """Numbers of half precision to so many binary digits; compression then finds zeros."""
    if getattr(leaf, "dtype", None) != jnp.float16 or digits >= 10:
        return leaf
    drop = 10 - digits
    bits = np.asarray(leaf).view(np.uint16).astype(np.uint32)
    kept = (bits + (1 << (drop - 1))) >> drop << drop
    return jnp.asarray(kept.astype(np.uint16).view(np.float16))


def _unpacked(body: bytes) -> bytes:
    """Arrays as :func:`save_weights` packs them, or as it did before (zlib)."""
    packed = body.startswith(b"\xfd7zXZ")
    return lzma.decompress(body) if packed else zlib.decompress(body)


def _only_arrays(tree: PyTree) -> PyTree:
    return eqx.filter(tree, lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct))
