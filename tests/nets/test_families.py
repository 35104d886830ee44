"""Every family has its published size, fits any batch, and knows training from inference."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.core.errors import ConfigError, DataError
from shiome.nets.cnn import CNN
from shiome.nets.densenet import DenseNet
from shiome.nets.resnet import ResNet, WideResNet
from shiome.nets.running import count_parameters, training_pass
from shiome.nets.unet import UNet

KEY = jax.random.key(0)


@pytest.mark.parametrize(
    ("family", "channels", "outer", "settings", "expected"),
    [
        (ResNet, 3, 1000, {"stem": "large"}, 11_689_512),
        (ResNet, 3, 1000, {"stem": "large", "stages": (3, 4, 6, 3)}, 21_797_672),
        (
            ResNet,
            3,
            1000,
            {"stem": "large", "stages": (3, 4, 6, 3), "bottleneck": True},
            25_557_032,
        ),
        (WideResNet, 3, 10, {"depth": 28, "factor": 10}, 36_479_194),
        (DenseNet, 3, 10, {}, 769_162),
        (
            DenseNet,
            3,
            1000,
            {"layers": (6, 12, 24, 16), "growth": 32, "width": 64, "stem": "large"},
            7_978_856,
        ),
        (UNet, 3, 1, {}, 31_037_633),
        (UNet, 3, 1, {"width": 32}, 7_763_041),
    ],
    ids=["ResNet-18", "34", "50", "WRN-28-10", "DenseNet-BC-100-12", "121", "U-Net 64", "32"],
)
def test_published_numbers_of_parameters(family, channels, outer, settings, expected):
    network = eqx.filter_eval_shape(lambda: family(channels, outer, **settings, key=KEY))
    assert count_parameters(network) == expected


SMALL = [
    (CNN, {"widths": (4, 8), "activation": "randomised_leaky_relu"}),
    (ResNet, {"stages": (1, 1), "width": 4}),
    (ResNet, {"stages": (1,), "width": 4, "stem": "large", "bottleneck": True}),
    (WideResNet, {"depth": 10, "factor": 1, "dropout": 0.3}),
    (DenseNet, {"layers": (1, 1), "growth": 4, "width": 8}),
]


@pytest.mark.parametrize(("family", "settings"), SMALL)
def test_an_image_has_one_answer_whatever_its_batch(family, settings):
    x = jax.random.normal(jax.random.key(1), (4, 16, 24, 2))

    @eqx.filter_jit(compiler_options={"xla_backend_optimization_level": 0})
    def answers():
        network = family(2, 3, **settings, key=KEY)
        _, network = training_pass(network, x, KEY)
        return network(x), network(x[2:3]), network.features(x)

    logits, one, features = answers()
    assert logits.shape == (4, 3)
    np.testing.assert_allclose(one, logits[2:3], rtol=1e-4, atol=1e-5)
    network = eqx.filter_eval_shape(lambda: family(2, 3, **settings, key=KEY))
    assert features.shape[1:3] == (16 // network.reduction, 24 // network.reduction)


@pytest.mark.parametrize("family", [CNN, ResNet, WideResNet, DenseNet])
def test_images_of_other_channels_are_refused(family):
    network = eqx.filter_eval_shape(lambda: family(2, 3, key=KEY))
    with pytest.raises(DataError, match=r"shape \(4, 16, 16, 3\); expected .* 2 channels"):
        eqx.filter_eval_shape(network, jnp.zeros((4, 16, 16, 3)))


def test_images_too_small_for_the_network_are_refused():
    network = eqx.filter_eval_shape(lambda: CNN(1, 2, widths=(4, 4, 4), key=KEY))
    with pytest.raises(DataError, match=r"3 × 8 points; expected multiples of 4"):
        eqx.filter_eval_shape(network, jnp.zeros((1, 3, 8, 1)))


def test_unet_keeps_the_sides_and_refuses_those_it_cannot_halve():
    network = eqx.filter_eval_shape(lambda: UNet(1, 2, width=4, depth=2, key=KEY))
    shape = lambda *sides: eqx.filter_eval_shape(network, jnp.zeros((2, *sides, 1))).shape
    assert shape(8, 12) == (2, 8, 12, 2)
    with pytest.raises(DataError, match="8 × 10 points; expected multiples of 4"):
        shape(8, 10)


def test_unet_on_blocks_has_all_pixels_nonetheless():
    network = eqx.filter_eval_shape(lambda: UNet(3, 2, width=4, depth=1, block=2, key=KEY))
    shape = lambda *sides: eqx.filter_eval_shape(network, jnp.zeros((2, *sides, 3))).shape
    assert shape(8, 12) == (2, 8, 12, 2)
    with pytest.raises(DataError, match="8 × 10 points; expected multiples of 4"):
        shape(8, 10)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: CNN(1, 2, activation="swish", key=KEY),
            "activation 'swish'; expected one of relu",
        ),
        (lambda: WideResNet(1, 2, depth=27, key=KEY), "depth 27"),
        (lambda: ResNet(1, 2, stem="tiny", key=KEY), "stem 'tiny'"),
        (lambda: DenseNet(1, 2, stem="tiny", key=KEY), "stem 'tiny'"),
    ],
)
def test_settings_out_of_bounds_are_refused(make, said):
    with pytest.raises(ConfigError, match=said):
        make()
