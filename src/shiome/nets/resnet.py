"""Residual networks: as published, and wide."""

from collections.abc import Sequence
from typing import Literal

import equinox as eqx
import jax
from jaxtyping import PRNGKeyArray

from shiome.core.errors import ConfigError
from shiome.nets.classifier import Classifier
from shiome.nets.layers import (
    BatchNorm,
    Convolution,
    Dense,
    Dropout,
    Images,
    find_activation,
    find_stem,
    max_pool_overlapping,
)
from shiome.nets.running import INFERENCE, Activation, Run


class Residual(eqx.Module):
    """Convolutions with normalisation and activation between them, added to their input.

    Parameters
    ----------
    inner, outer
        Channels in and out.
    width
        Channels inside, of a bottleneck (1×1, 3×3, 1×1); without it, two 3×3 convolutions.
    stride
        Of the first 3×3 convolution and of the shortcut.
    """

    convolutions: list[Convolution]
    norms: list[BatchNorm]
    shortcut: tuple[Convolution, BatchNorm] | None
    activation: Activation = eqx.field(static=True)

    def __init__(
        self,
        inner: int,
        outer: int,
        *,
        width: int | None,
        stride: int,
        activation: Activation,
        key: PRNGKeyArray,
    ):
        *keys, last = jax.random.split(key, 4)
        shapes = [(inner, outer, 3, stride), (outer, outer, 3, 1)]
        if width is not None:
            shapes = [(inner, width, 1, 1), (width, width, 3, stride), (width, outer, 1, 1)]
        self.convolutions = [
            Convolution(a, b, size, stride=every, bias=False, key=k)
            for (a, b, size, every), k in zip(shapes, keys, strict=False)
        ]
        self.norms = [BatchNorm(b) for _, b, _, _ in shapes]
        self.shortcut = None
        if stride > 1 or inner != outer:
            pointwise = Convolution(inner, outer, 1, stride=stride, bias=False, key=last)
            self.shortcut = pointwise, BatchNorm(outer)
        self.activation = activation

    def __call__(self, x: Images, run: Run = INFERENCE) -> Images:
        """Map a batch."""
        y = x
        for i, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            y = self.activation(y, run) if i else y
            y = norm(convolution(y), run)
        if self.shortcut is not None:
            pointwise, norm = self.shortcut
            x = norm(pointwise(x), run)
        return self.activation(x + y, run)


class ResNet(Classifier):
    """Residual network (He et al. 2016).

    ResNet-18 is the default with ``stem="large"``; ResNet-34 has stages (3, 4, 6, 3); ResNet-50
    those with ``bottleneck=True``; ResNet-20 for small images (3, 3, 3) and ``width=16``.

    Parameters
    ----------
    channels, classes
        Of the images, and to tell apart.
    stages
        Blocks of each stage; every stage after the first halves the sides and doubles the channels.
    width
        Channels of the first stage.
    bottleneck
        Blocks of 1×1, 3×3 and 1×1 convolutions, with four times the channels between them.
    stem
        "small": a 3×3 convolution; "large": 7×7 of stride 2 and pooling, for images of hundreds of
        points.
    activation
        A name in :data:`shiome.nets.layers.ACTIVATIONS`.
    """

    entry: Convolution
    norm: BatchNorm
    blocks: list[Residual]
    exit: Dense
    channels: int = eqx.field(static=True)
    reduction: int = eqx.field(static=True)
    large: bool = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)

    def __init__(
        self,
        channels: int,
        classes: int,
        *,
        stages: Sequence[int] = (2, 2, 2, 2),
        width: int = 64,
        bottleneck: bool = False,
        stem: Literal["small", "large"] = "small",
        activation: str = "relu",
        key: PRNGKeyArray,
    ):
        size, stride = find_stem(stem)
        first, last, *keys = jax.random.split(key, 2 + sum(stages))
        self.large = stem == "large"
        self.entry = Convolution(channels, width, size, stride=stride, bias=False, key=first)
        self.norm = BatchNorm(width)
        self.activation = find_activation(activation)
        self.blocks, inner = [], width
        for stage, count in enumerate(stages):
            inside = width * 2**stage
            outer = 4 * inside if bottleneck else inside
            for i in range(count):
                block = Residual(
                    inner,
                    outer,
                    width=inside if bottleneck else None,
                    stride=2 if stage and not i else 1,
                    activation=self.activation,
                    key=keys[len(self.blocks)],
                )
                self.blocks.append(block)
                inner = outer
        self.exit = Dense(inner, classes, key=last)
        self.channels, self.reduction = channels, 2 ** (len(stages) - 1) * (4 if self.large else 1)

    def features(self, x: Images, run: Run = INFERENCE) -> Images:
        x = self.activation(self.norm(self.entry(x), run), run)
        x = max_pool_overlapping(x) if self.large else x
        for block in self.blocks:
            x = block(x, run)
        return x


class PreActivated(eqx.Module):
    """Normalisation and activation before each of two convolutions, added to their input."""

    norms: tuple[BatchNorm, BatchNorm]
    convolutions: tuple[Convolution, Convolution]
    shortcut: Convolution | None
    dropout: Dropout
    activation: Activation = eqx.field(static=True)

    def __init__(
        self,
        inner: int,
        outer: int,
        *,
        stride: int,
        dropout: float,
        activation: Activation,
        key: PRNGKeyArray,
    ):
        one, two, three = jax.random.split(key, 3)
        self.norms = BatchNorm(inner), BatchNorm(outer)
        self.convolutions = (
            Convolution(inner, outer, stride=stride, bias=False, key=one),
            Convolution(outer, outer, bias=False, key=two),
        )
        self.shortcut = None
        if inner != outer or stride > 1:
            self.shortcut = Convolution(inner, outer, 1, stride=stride, bias=False, key=three)
        self.dropout = Dropout(dropout)
        self.activation = activation

    def __call__(self, x: Images, run: Run = INFERENCE) -> Images:
        """Map a batch."""
        ready = self.activation(self.norms[0](x, run), run)
        # Where the shape changes, the shortcut starts from the activated input.
        rest = x if self.shortcut is None else self.shortcut(ready)
        y = self.activation(self.norms[1](self.convolutions[0](ready), run), run)
        return rest + self.convolutions[1](self.dropout(y, run))


class WideResNet(Classifier):
    """Wide residual network WRN-depth-factor (Zagoruyko and Komodakis 2016).

    Parameters
    ----------
    channels, classes
        Of the images, and to tell apart.
    depth
        Layers: 6 n + 4, with n blocks in each of three stages.
    factor
        How many times wider than 16, 32 and 64 channels.
    dropout
        Share dropped between the convolutions of a block.
    activation
        A name in :data:`shiome.nets.layers.ACTIVATIONS`.
    """

    entry: Convolution
    blocks: list[PreActivated]
    norm: BatchNorm
    exit: Dense
    channels: int = eqx.field(static=True)
    reduction: int = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)

    def __init__(
        self,
        channels: int,
        classes: int,
        *,
        depth: int = 28,
        factor: int = 10,
        dropout: float = 0.0,
        activation: str = "relu",
        key: PRNGKeyArray,
    ):
        count, odd = divmod(depth - 4, 6)
        if odd or count < 1:
            raise ConfigError(f"depth {depth} of a wide ResNet; expected 10, 16, 22, 28, …")
        first, last, *keys = jax.random.split(key, 2 + 3 * count)
        self.entry = Convolution(channels, 16, bias=False, key=first)
        self.activation = find_activation(activation)
        self.blocks, inner = [], 16
        for i in range(3 * count):
            stage, later = divmod(i, count)
            outer = 16 * factor * 2**stage
            block = PreActivated(
                inner,
                outer,
                stride=2 if stage and not later else 1,
                dropout=dropout,
                activation=self.activation,
                key=keys[i],
            )
            self.blocks.append(block)
            inner = outer
        self.norm = BatchNorm(inner)
        self.exit = Dense(inner, classes, key=last)
        self.channels, self.reduction = channels, 4

    def features(self, x: Images, run: Run = INFERENCE) -> Images:
        x = self.entry(x)
        for block in self.blocks:
            x = block(x, run)
        return self.activation(self.norm(x, run), run)
