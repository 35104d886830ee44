"""Densely connected networks: every layer of a block sees all layers before it."""

from collections.abc import Sequence
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from shiome.nets.classifier import Classifier
from shiome.nets.layers import (
    BatchNorm,
    Convolution,
    Dense,
    Images,
    find_activation,
    find_stem,
    max_pool_overlapping,
    mean_pool,
)
from shiome.nets.running import INFERENCE, Activation, Run


class NormConvolution(eqx.Module):
    """Normalisation, activation, convolution."""

    norm: BatchNorm
    convolution: Convolution
    activation: Activation = eqx.field(static=True)

    def __init__(
        self, inner: int, outer: int, size: int, *, activation: Activation, key: PRNGKeyArray
    ):
        self.norm = BatchNorm(inner)
        self.convolution = Convolution(inner, outer, size, bias=False, key=key)
        self.activation = activation

    def __call__(self, x: Images, run: Run = INFERENCE) -> Images:
        """Map a batch."""
        return self.convolution(self.activation(self.norm(x, run), run))


class DenseBlock(eqx.Module):
    """Layers that each add ``growth`` channels to all that came before."""

    layers: list[list[NormConvolution]]

    def __init__(
        self,
        inner: int,
        count: int,
        growth: int,
        *,
        bottleneck: bool,
        activation: Activation,
        key: PRNGKeyArray,
    ):
        self.layers = []
        for i, one in enumerate(jax.random.split(key, count)):
            wide, narrow = jax.random.split(one)
            seen = inner + i * growth
            layer = []
            if bottleneck:
                layer = [NormConvolution(seen, 4 * growth, 1, activation=activation, key=wide)]
                seen = 4 * growth
            layer.append(NormConvolution(seen, growth, 3, activation=activation, key=narrow))
            self.layers.append(layer)

    def __call__(self, x: Images, run: Run = INFERENCE) -> Images:
        """Map a batch."""
        for layer in self.layers:
            y = x
            for part in layer:
                y = part(y, run)
            x = jnp.concatenate([x, y], -1)
        return x


class DenseNet(Classifier):
    """Densely connected network (Huang et al. 2017).

    DenseNet-BC-100-12 is the default; DenseNet-40-12 has layers (12, 12, 12), ``width=16``, no
    bottleneck and compression 1; DenseNet-121 has layers (6, 12, 24, 16), growth 32, ``width=64``
    and ``stem="large"``.

    Parameters
    ----------
    channels, classes
        Of the images, and to tell apart.
    layers
        Layers of each block; 2×2 means between blocks.
    growth
        Channels that each layer adds.
    width
        Channels of the first convolution.
    bottleneck
        Whether a 1×1 convolution to four times the growth precedes each 3×3 one.
    compression
        Share of the channels that is kept between blocks.
    stem
        "small": a 3×3 convolution; "large": 7×7 of stride 2 and pooling.
    activation
        A name in :data:`shiome.nets.layers.ACTIVATIONS`.
    """

    entry: Convolution
    entry_norm: BatchNorm | None
    blocks: list[DenseBlock]
    transitions: list[NormConvolution]
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
        layers: Sequence[int] = (16, 16, 16),
        growth: int = 12,
        width: int = 24,
        bottleneck: bool = True,
        compression: float = 0.5,
        stem: Literal["small", "large"] = "small",
        activation: str = "relu",
        key: PRNGKeyArray,
    ):
        size, stride = find_stem(stem)
        first, last, *keys = jax.random.split(key, 2 + 2 * len(layers))
        large = stem == "large"
        self.entry = Convolution(channels, width, size, stride=stride, bias=False, key=first)
        self.entry_norm = BatchNorm(width) if large else None
        self.activation = find_activation(activation)
        self.blocks, self.transitions = [], []
        for i, count in enumerate(layers):
            block = DenseBlock(
                width,
                count,
                growth,
                bottleneck=bottleneck,
                activation=self.activation,
                key=keys[2 * i],
            )
            self.blocks.append(block)
            width += count * growth
            if i < len(layers) - 1:
                kept = int(width * compression)
                step = NormConvolution(
                    width, kept, 1, activation=self.activation, key=keys[2 * i + 1]
                )
                self.transitions.append(step)
                width = kept
        self.norm = BatchNorm(width)
        self.exit = Dense(width, classes, key=last)
        self.channels, self.reduction = channels, 2 ** (len(layers) - 1) * (4 if large else 1)

    def features(self, x: Images, run: Run = INFERENCE) -> Images:
        x = self.entry(x)
        if self.entry_norm is not None:
            x = max_pool_overlapping(self.activation(self.entry_norm(x, run), run))
        for i, block in enumerate(self.blocks):
            x = block(x, run)
            if i < len(self.transitions):
                x = mean_pool(self.transitions[i](x, run))
        return self.activation(self.norm(x, run), run)
