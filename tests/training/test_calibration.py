import numpy as np
import pytest
from scipy.special import softmax

from shiome.core.errors import DataError
from shiome.training.calibration import calibrated, calibration_error

RNG = np.random.default_rng(0)
TRUE = RNG.normal(size=(20_000, 3)) * 1.5
LABEL = (TRUE + RNG.gumbel(size=TRUE.shape)).argmax(1)


def test_a_network_that_is_too_sure_is_cooled():
    fitted = calibrated(lambda x: x, 3 * TRUE, LABEL, shifts=False)
    assert float(fitted.scale) == pytest.approx(1 / 3, rel=0.02)
    np.testing.assert_allclose(fitted.shift, 0, atol=1e-6)
    before, after = softmax(3 * TRUE, 1)[:, 0], softmax(fitted(3 * TRUE), 1)[:, 0]
    assert calibration_error(after, LABEL == 0) < 0.01 < 0.1 < calibration_error(before, LABEL == 0)


def test_shifts_undo_what_sampling_did_to_the_frequencies():
    shift = np.array([2.0, -1.0, -1.0])
    fitted = calibrated(lambda x: x, 0.5 * (TRUE - shift), LABEL)
    assert float(fitted.scale) == pytest.approx(2, rel=0.03)
    np.testing.assert_allclose(fitted.shift, shift, atol=0.05)


def test_separable_classes_keep_a_finite_scale():
    z = np.array([[1.0, -1.0]] * 50 + [[-1.0, 1.0]] * 50)
    fitted = calibrated(lambda x: x, z, np.repeat([0, 1], 50))
    p = softmax(np.asarray(fitted(z)), 1)[0, 0]
    assert p == pytest.approx(51 / 52, abs=0.002)


@pytest.mark.parametrize(
    ("logits", "label", "said"),
    [
        (TRUE[:10], LABEL[:9], r"shape \(10, 3\) and labels of shape \(9,\)"),
        (TRUE[:10] * np.nan, LABEL[:10], "expected finite values"),
        (TRUE[:10], LABEL[:10] * 0, "of one class"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(logits, label, said):
    with pytest.raises(DataError, match=said):
        calibrated(lambda x: x, logits, label)
