import equinox as eqx
import jax
import numpy as np
import pytest

from shiome.core.errors import ConfigError, DataError, OutputError
from shiome.nets.cnn import CNN
from shiome.nets.weights import load_weights, save_weights

SETTINGS = {"channels": 1, "classes": 2, "widths": [4, 8]}
NETWORKS = [CNN(**SETTINGS, key=jax.random.key(i)) for i in range(2)]
ABOUT = {"scale": 3.5, "data": "synthetic discs"}


def written(path):
    save_weights(path, NETWORKS, family="cnn", settings=SETTINGS, about=ABOUT)
    return path


def test_what_is_read_is_what_was_written(tmp_path):
    file = written(tmp_path / "new" / "two.eqx")
    got = load_weights(file)
    assert (got.family, got.settings, got.about) == ("cnn", SETTINGS, ABOUT)
    for one, other in zip(got.networks, NETWORKS, strict=True):
        assert eqx.tree_equal(one, other)
    assert [path.name for path in file.parent.iterdir()] == ["two.eqx"]


def test_fewer_digits_take_less_room_and_round_each_value(tmp_path):
    sizes = []
    for digits in (10, 6):
        file = tmp_path / f"{digits}.eqx"
        save_weights(
            file, NETWORKS, family="cnn", settings=SETTINGS, about=ABOUT, half=True, digits=digits
        )
        sizes.append(file.stat().st_size)
    assert sizes[1] < 0.95 * sizes[0]
    back = load_weights(file).networks
    for mine, theirs in zip(jax.tree.leaves(back), jax.tree.leaves(NETWORKS), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=2**-7, atol=1e-6)


def test_half_precision_takes_half_the_room_and_comes_back_whole(tmp_path):
    whole, file = written(tmp_path / "w.eqx"), tmp_path / "half.eqx"
    save_weights(file, NETWORKS, family="cnn", settings=SETTINGS, about=ABOUT, half=True)
    size = lambda path: len(path.read_bytes().partition(b"\n")[2])
    assert size(file) < 0.75 * size(whole)
    got = load_weights(file).networks
    for one, other in zip(*map(jax.tree.leaves, (got, NETWORKS)), strict=True):
        if eqx.is_array(one):
            assert one.dtype == other.dtype
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-6)


def test_damaged_or_foreign_files_are_refused(tmp_path):
    file = written(tmp_path / "w.eqx")
    whole = file.read_bytes()
    for content, said in [
        (whole[:-5], "checksum"),
        (b"hello", "not a file of weights"),
        (whole.replace(b'"cnn"', b'"cmm"'), "family 'cmm'; expected one of cnn"),
        (whole.replace(b'"widths"', b'"breadths"'), "no settings of a cnn"),
        (whole.replace(b"[4, 8]", b"[4, 9]"), "not those of a cnn"),
    ]:
        file.write_bytes(content)
        with pytest.raises(DataError, match=said) as refused:
            load_weights(file)
        assert "\n" not in str(refused.value)
        assert "w.eqx" in str(refused.value)
    with pytest.raises(DataError, match="cannot be read"):
        load_weights(tmp_path / "none.eqx")


def test_networks_that_are_not_what_is_said_are_not_written(tmp_path):
    with pytest.raises(ConfigError, match=r"network 0 .* is not the cnn"):
        save_weights(
            tmp_path / "w",
            NETWORKS,
            family="cnn",
            settings={**SETTINGS, "widths": [4, 9]},
            about={},
        )
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        written(tmp_path / "file" / "w")


def test_trained_arrays_survive(tmp_path):
    changed = eqx.tree_at(lambda n: n.norms[0].running.mean, NETWORKS[0], np.arange(4.0, dtype="f"))
    save_weights(tmp_path / "w", [changed], family="cnn", settings=SETTINGS, about={})
    np.testing.assert_array_equal(
        load_weights(tmp_path / "w").networks[0].norms[0].running.mean, np.arange(4)
    )
