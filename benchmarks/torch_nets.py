"""The networks of :mod:`shiome.nets` once more, as PyTorch writes them: for comparison only."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def _convolution(inner: int, outer: int, size: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inner, outer, size, stride, size // 2, bias=False)


class Residual(nn.Module):
    """Basic block."""

    def __init__(self, inner: int, outer: int, stride: int):
        super().__init__()
        self.one, self.two = _convolution(inner, outer, 3, stride), _convolution(outer, outer)
        self.norm_one, self.norm_two = nn.BatchNorm2d(outer), nn.BatchNorm2d(outer)
        self.shortcut = nn.Sequential()
        if stride > 1:
            pointwise = _convolution(inner, outer, 1, stride)
            self.shortcut = nn.Sequential(pointwise, nn.BatchNorm2d(outer))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm_two(self.two(torch.relu(self.norm_one(self.one(x)))))
        return torch.relu(y + self.shortcut(x))


class ResNet(nn.Module):
    """One basic block per stage, 3×3 stem."""

    def __init__(self, width: int, stages: int, classes: int):
        super().__init__()
        self.entry, self.norm = _convolution(1, width), nn.BatchNorm2d(width)
        widths = [width * 2**i for i in range(stages)]
        inner = [width, *widths[:-1]]
        self.blocks = nn.Sequential(
            *(Residual(a, b, 1 if a == b else 2) for a, b in zip(inner, widths, strict=True))
        )
        self.exit = nn.Linear(widths[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.exit(self.blocks(torch.relu(self.norm(self.entry(x)))).mean((2, 3)))


class Two(nn.Module):
    """Twice: convolution, normalisation, activation."""

    def __init__(self, inner: int, outer: int):
        super().__init__()
        self.one, self.two = _convolution(inner, outer), _convolution(outer, outer)
        self.norm_one, self.norm_two = nn.BatchNorm2d(outer), nn.BatchNorm2d(outer)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm_one(self.one(x)))
        return torch.relu(self.norm_two(self.two(x)))


class UNet(nn.Module):
    """One channel in and out."""

    def __init__(self, width: int, depth: int):
        super().__init__()
        widths = [width * 2**i for i in range(depth + 1)]
        self.down = nn.ModuleList(Two(a, b) for a, b in zip([1, *widths], widths, strict=False))
        below = range(depth - 1, -1, -1)
        self.rise = nn.ModuleList(nn.ConvTranspose2d(widths[i + 1], widths[i], 2, 2) for i in below)
        self.up = nn.ModuleList(Two(2 * widths[i], widths[i]) for i in below)
        self.exit = nn.Conv2d(width, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        passed = []
        for i, level in enumerate(self.down):
            x = level(torch.max_pool2d(x, 2) if i else x)
            passed.append(x)
        for rise, level, across in zip(self.rise, self.up, passed[-2::-1], strict=True):
            x = level(torch.cat([across, rise(x)], 1))
        return self.exit(x)


def load(network: nn.Module, weights: list[tuple[str, list[np.ndarray]]]) -> None:
    """Copy our weights; within each kind of layer, both list them in the same order."""
    kinds: dict[str, Any] = {
        "Convolution": nn.Conv2d,
        "BatchNorm": nn.BatchNorm2d,
        "Dense": nn.Linear,
        "DoubleUp": nn.ConvTranspose2d,
    }
    for name, kind in kinds.items():
        theirs = [layer for layer in network.modules() if isinstance(layer, kind)]
        ours = [arrays for what, arrays in weights if what == name]
        for layer, arrays in zip(theirs, ours, strict=True):
            targets = [layer.weight, layer.bias]
            if name == "BatchNorm":
                targets += [layer.running_mean, layer.running_var]
            else:
                arrays = [_turned(name, arrays[0], layer), *arrays[1:]]
            for target, array in zip(targets, arrays, strict=False):
                target.data.copy_(torch.from_numpy(np.array(array)))


def _turned(name: str, weight: np.ndarray, layer: Any) -> np.ndarray:
    if name == "Convolution":
        return weight.transpose(3, 2, 0, 1)
    if name == "Dense":
        return weight.T
    return weight.reshape(len(weight), 2, 2, -1).transpose(0, 3, 1, 2)
