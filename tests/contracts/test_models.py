"""What every model promises, whatever it models."""

import importlib
import inspect
import pkgutil
from dataclasses import FrozenInstanceError
from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import shiome.simulation
from shiome.simulation import Model
from shiome.simulation.corrected import Corrected
from shiome.simulation.coupled.heat import HeatStep
from shiome.simulation.coupled.model import CoupledModel, SeasonalClosure
from shiome.simulation.empirical import (
    Climatology,
    DampedPersistence,
    LinearInverseModel,
    RechargeOscillator,
)
from shiome.simulation.lorenz63 import Lorenz63
from shiome.simulation.lorenz96 import Lorenz96, TwoScaleLorenz96
from shiome.simulation.ocean import (
    OceanState,
    ReducedGravityOcean,
    Stress,
    box_basin,
    reduced_gravity_ocean,
)
from shiome.simulation.shallow_water.moist import MoistWorld, moist_world
from shiome.simulation.shallow_water.reduced_gravity import Layer, ReducedGravity

MONTH = np.arange(12 * 1980, 12 * 2000)
NAMES = ("nino34", "wwv", "dmi")


def record(variables=3):
    """A synthetic red-noise record and its training months."""
    rng = np.random.default_rng(0)
    state = np.zeros((len(MONTH), variables))
    for t in range(1, len(MONTH)):
        state[t] = 0.85 * state[t - 1] + 0.5 * rng.normal(size=variables)
    return state, MONTH, np.ones(len(MONTH), bool)


def ocean():
    basin = box_basin((120.0, 160.0), (-10.0, 10.0), (4.0, 2.0))

    def wind(time):
        return Stress(jnp.full((1, 1), 0.01) * jnp.cos(time), jnp.zeros((1, 1)))

    model = reduced_gravity_ocean(basin, wind=wind, steps_per_month=120)
    h = jnp.where(basin.wet, jnp.cos(jnp.arange(basin.wet.size).reshape(basin.shape)), 0.0)
    return model, OceanState(jnp.zeros_like(h), jnp.zeros_like(h), h)


def coupled():
    """Two patterns of the surface and three numbers of the ocean; synthetic coefficients."""
    keys = jax.random.split(jax.random.key(0), 5)
    k, n = 2, 3
    heat = HeatStep(
        propagator=jnp.broadcast_to(0.8 * jnp.eye(k), (12, k, k)),
        heating=0.1 * jax.random.normal(keys[0], (12, k, n)),
    )
    closure = SeasonalClosure(
        linear=0.05 * jax.random.normal(keys[1], (12, k, k + 1)),
        quadratic=0.02 * jax.random.normal(keys[2], (12, k, 3)),
        indices=jnp.eye(2),
    )
    model = CoupledModel(
        heat=heat,
        closure=closure,
        charge=jnp.array([1.0, 0.0, 0.0]),
        transition=0.9 * jnp.eye(n),
        wind=0.1 * jax.random.normal(keys[3], (n, k)),
        gusts=jnp.ones((n, 1)),
        noise=0.1 * jnp.broadcast_to(jnp.eye(k + 1), (12, k + 1, k + 1)),
    )
    return model, jax.random.normal(keys[4], (k + n,))


def bowl():
    """A layer with a smooth bulge, at rest."""
    y, x = jnp.meshgrid(jnp.arange(8.0), jnp.arange(10.0), indexing="ij")
    h = 500.0 + 5.0 * jnp.sin(2 * jnp.pi * x / 10) * jnp.cos(2 * jnp.pi * y / 8)
    return ReducedGravity(), Layer(jnp.zeros_like(h), jnp.zeros_like(h), h)


def moist():
    """A small band of the moist world in August, some of it raining."""
    world = moist_world(16, 16, substeps=2, time_step=0.1)
    state = world.start(24.0 * 215, jax.random.key(0))
    return world, state._replace(q=state.q + 0.3)


def corrected():
    """Lorenz-63 with a network in its tendency."""
    network = eqx.nn.MLP(3, 3, 4, 1, key=jax.random.key(0))
    return Corrected(network, Lorenz63().tendency, time_step=0.01), jnp.array([1.0, 2.0, 20.0])


STATE = jnp.array([0.5, -1.0, 0.8], jnp.float32)
CASES = {
    Lorenz63: lambda: (Lorenz63(), jnp.array([1.0, 2.0, 20.0])),
    Lorenz96: lambda: (Lorenz96(), 8.0 + jnp.sin(jnp.arange(12.0))),
    TwoScaleLorenz96: lambda: (TwoScaleLorenz96(slow=4, fast=3), jnp.sin(jnp.arange(16.0))),
    Climatology: lambda: (Climatology.fit(*record()), STATE),
    DampedPersistence: lambda: (DampedPersistence.fit(*record()), STATE),
    LinearInverseModel: lambda: (LinearInverseModel.fit(*record()), STATE),
    RechargeOscillator: lambda: (RechargeOscillator.fit(*record(), names=NAMES), STATE),
    ReducedGravityOcean: ocean,
    ReducedGravity: bowl,
    MoistWorld: moist,
    Corrected: corrected,
    CoupledModel: coupled,
}
TIME, KEY = jnp.asarray(12.0 * 1995 + 3), jax.random.key(7)


@cache
def case(kind):
    return CASES[kind]()


@pytest.fixture(params=CASES, ids=lambda kind: kind.__name__)
def built(request):
    return case(request.param)


def assert_close(first, second):
    # Compiled arithmetic may differ from plain arithmetic in the last bits.
    for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5 * float(jnp.abs(b).max()))


def test_every_model_is_under_this_contract():
    for module in pkgutil.walk_packages(shiome.simulation.__path__, "shiome.simulation."):
        importlib.import_module(module.name)

    def below(kind):
        return {kind}.union(*(below(child) for child in kind.__subclasses__()))

    ours = {kind for kind in below(Model) if kind.__module__.startswith("shiome.simulation.")}
    assert {kind for kind in ours if not inspect.isabstract(kind)} == set(CASES)


def test_declares_its_time_step_and_units(built):
    model, _ = built
    assert model.time_step > 0
    assert model.time_unit
    assert model.units
    assert all(name and unit for name, unit in model.units.items())


def test_is_an_immutable_pytree(built):
    model, state = built
    leaves, structure = jax.tree.flatten(model)
    rebuilt = jax.tree.unflatten(structure, leaves)
    assert_close(rebuilt.step(state, TIME, KEY), model.step(state, TIME, KEY))
    with pytest.raises((FrozenInstanceError, AttributeError)):
        model.time_step = 2.0


def test_step_keeps_structure_shapes_and_types(built):
    model, state = built
    following = model.step(state, TIME, KEY)
    assert jax.tree.structure(following) == jax.tree.structure(state)
    for before, after in zip(jax.tree.leaves(state), jax.tree.leaves(following), strict=True):
        assert after.shape == before.shape
        assert after.dtype == before.dtype == jnp.float32
        assert np.isfinite(after).all()


def test_step_changes_the_state_and_only_the_returned_one(built):
    model, state = built
    before = jax.tree.map(np.array, state)
    following = model.step(state, TIME, KEY)
    jax.tree.map(np.testing.assert_array_equal, before, jax.tree.map(np.asarray, state))
    assert any(
        (a != b).any()
        for a, b in zip(jax.tree.leaves(following), jax.tree.leaves(state), strict=True)
    )


def test_the_key_decides(built):
    model, state = built
    first, again = (model.step(state, TIME, KEY) for _ in range(2))
    jax.tree.map(np.testing.assert_array_equal, first, again)


def test_step_compiles(built):
    model, state = built
    compiled = eqx.filter_jit(lambda m, s, t, k: m.step(s, t, k))
    assert_close(compiled(model, state, TIME, KEY), model.step(state, TIME, KEY))


def test_step_batches_over_members(built):
    model, state = built
    states = jax.tree.map(lambda x: jnp.stack([x, 0.5 * x, 1.01 * x]), state)
    keys = jax.random.split(KEY, 3)
    together = jax.vmap(model.step, in_axes=(0, None, 0))(states, TIME, keys)
    for m in range(3):
        alone = model.step(jax.tree.map(lambda x, m=m: x[m], states), TIME, keys[m])
        assert_close(jax.tree.map(lambda x, m=m: x[m], together), alone)


def test_step_is_differentiable(built):
    model, state = built

    def total(state):
        return sum(jnp.sum(x**2) for x in jax.tree.leaves(model.step(state, TIME, KEY)))

    gradient = jax.grad(total)(state)
    assert all(np.isfinite(g).all() for g in jax.tree.leaves(gradient))
