"""Super-resolution: published sizes, sub-pixels, and what a sharpener keeps."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.core.errors import ConfigError, DataError
from shiome.grids.coarsen import bicubic, block_mean
from shiome.nets.critic import PatchCritic
from shiome.nets.enlarger import upsample
from shiome.nets.layers import subpixels
from shiome.nets.rrdb import RRDB
from shiome.nets.running import count_parameters
from shiome.nets.sharpener import BODIES, sharpener
from shiome.nets.superres import EDSR, ESPCN, FSRCNN, SRCNN, Raised

KEY = jax.random.key(0)
# Small programs: compiled at once and cheaply, not operation by operation.
quickly = eqx.filter_jit(compiler_options={"xla_backend_optimization_level": 0})


def count(family, channels=3, *, biases=True, **settings):
    network = eqx.filter_eval_shape(lambda: family(channels, channels, **settings, key=KEY))
    if biases:
        return count_parameters(network)
    weights = [x for x in jax.tree.leaves(network) if getattr(x, "ndim", 0) == 4]
    return sum(int(np.prod(x.shape)) for x in weights)


@pytest.mark.parametrize(
    ("family", "settings", "expected"),
    [
        (EDSR, {"factor": 2}, 1_369_859),
        (EDSR, {"factor": 4}, 1_517_571),
        (EDSR, {"factor": 2, "blocks": 32, "width": 256}, 40_729_603),
        (EDSR, {"factor": 4, "blocks": 32, "width": 256}, 43_089_923),
        (RRDB, {"factor": 4}, 16_697_987),
    ],
    ids=["EDSR baseline ×2", "×4", "EDSR ×2", "×4", "RRDB ×4"],
)
def test_published_numbers_of_parameters(family, settings, expected):
    assert count(family, **settings) == expected


@pytest.mark.parametrize(
    ("family", "settings", "expected"),
    [
        (SRCNN, {}, 8_032),
        (SRCNN, {"sizes": (9, 5, 5)}, 57_184),
        (FSRCNN, {"factor": 3}, 12_464),
        (ESPCN, {"factor": 3}, 22_624),
    ],
    ids=["9-1-5", "9-5-5", "FSRCNN(56, 12, 4)", "ESPCN ×3"],
)
def test_published_numbers_of_weights_without_biases(family, settings, expected):
    assert count(family, 1, biases=False, **{"factor": 3} | settings) == expected


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_raising_is_the_transposed_convolution(factor):
    x = jax.random.normal(jax.random.key(1), (2, 5, 6, 2))

    @quickly
    def both():
        layer = Raised(2, 3, factor=factor, key=KEY)
        layer = eqx.tree_at(lambda one: one.bias, layer, jnp.arange(3.0))
        spread = jnp.zeros((2, 5 * factor, 6 * factor, 2)).at[:, ::factor, ::factor].set(x)
        # Turned by half, since a convolution here is a correlation.
        kernel, order = layer.weight[::-1, ::-1], ("NHWC", "HWIO", "NHWC")
        whole = jax.lax.conv_general_dilated(
            spread, kernel, (1, 1), "SAME", dimension_numbers=order
        )
        return layer(x), whole + layer.bias

    quick, whole = both()
    np.testing.assert_allclose(quick, whole, atol=1e-4)


def test_subpixels_lie_beside_each_other():
    x = jnp.arange(2 * 3 * 8).reshape(1, 2, 3, 8)
    y = subpixels(x, 2)
    assert y.shape == (1, 4, 6, 2)
    assert y[0, 2, 4].tolist() == x[0, 1, 2, :2].tolist()
    assert y[0, 2, 5].tolist() == x[0, 1, 2, 2:4].tolist()
    assert y[0, 3, 4].tolist() == x[0, 1, 2, 4:6].tolist()


def test_channels_are_interpolated_each_for_itself():
    x = jax.random.normal(KEY, (2, 5, 6, 3))
    y, one = quickly(lambda x: (upsample(x, 2, "bicubic"), bicubic(x[..., 1], 2)))(x)
    np.testing.assert_allclose(y[..., 1], one, atol=1e-6)


SMALL = {
    "edsr": {"blocks": 1, "width": 8},
    "espcn": {"widths": (8, 8)},
    "fsrcnn": {"width": 8, "narrow": 4, "depth": 1},
    "rrdb": {"blocks": 1, "width": 8, "growth": 4},
    "srcnn": {"widths": (8, 4), "sizes": (3, 1, 3)},
}


def small(body, factor=2, **options):
    return sharpener(body=body, factor=factor, settings=SMALL[body], **options, key=KEY)


def relief(shape=(1, 20, 20, 1), scale=500.0):
    return scale * jax.random.normal(jax.random.key(1), shape) - 3000


def first_kernel(network):
    return getattr(network.body, "entry", None) or network.body.layers[0]


@pytest.mark.parametrize("body", BODIES)
def test_sharpeners_keep_area_means_and_answer_in_units_of_roughness(body):
    x, rows = relief(), jnp.broadcast_to(jnp.linspace(1, 2, 40), (1, 40))

    @quickly
    def made():
        network = small(body)
        # Without roughness and height, which are told apart from relief, only relief counts.
        kernel = lambda n: first_kernel(n).weight
        relative = eqx.tree_at(kernel, network, kernel(network).at[:, :, 1:].set(0))
        others = relative(x), relative(x + 500), relative(2 * x)
        return network(x), network(x, rows=rows), *others

    plain, weighted, first, deeper, doubled = made()
    for output, weight in ((plain, None), (weighted, rows)):
        assert output.shape == (1, 40, 40, 2)
        np.testing.assert_allclose(block_mean(output[..., 0], 2, weight), x[..., 0], atol=2e-2)
    np.testing.assert_allclose(deeper[..., 0], first[..., 0] + 500, atol=0.1)
    np.testing.assert_allclose(deeper[..., 1], first[..., 1], atol=1e-3)
    np.testing.assert_allclose(doubled[..., 0], 2 * first[..., 0], rtol=2e-3, atol=2.0)


def test_what_may_be_left_out_is_left_out():
    x = relief()

    @quickly
    def made():
        free = small("espcn", residual=False, conserves=False)(x)
        began = small("espcn", conserves=False)(x)
        return block_mean(free[..., 0], 2) - x[..., 0], began[..., 0] - bicubic(x[..., 0], 2)

    off, added = made()
    assert float(jnp.abs(off).max()) > 10
    assert float(jnp.std(added)) < 0.5 * 500


def test_a_critic_judges_neighbourhoods_of_images_of_any_size():
    critic = eqx.filter_eval_shape(lambda: PatchCritic(2, key=KEY))
    assert eqx.filter_eval_shape(critic, jnp.zeros((3, 40, 64, 2))).shape == (3, 5, 8, 1)
    with pytest.raises(DataError, match=r"expected .* 2 channels"):
        eqx.filter_eval_shape(critic, jnp.zeros((3, 40, 64, 1)))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: EDSR(1, 1, factor=3, key=KEY), "factor 3; expected a power of two"),
        (
            lambda: sharpener(body="gan", factor=2, settings={}, key=KEY),
            "body 'gan'; expected one of edsr",
        ),
    ],
)
def test_settings_out_of_bounds_are_refused(make, said):
    with pytest.raises(ConfigError, match=said):
        make()
