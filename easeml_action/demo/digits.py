"""Real data and real models: the optical digits that ship inside scikit-learn.

1,797 images of 8 x 8 pixels. Some train the models, the rest make two test sets.
"""

import io
from dataclasses import dataclass

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestCentroid
from sklearn.svm import SVC

_TRAINING_ROWS = 440


@dataclass(frozen=True)
class Digits:
    """Images (rows of 64 grey values, 0 to 16) with their digits."""

    images: NDArray[np.float64]
    digits: NDArray[np.int64]

    def first(self, rows: int) -> "Digits":
        """Return the first rows only."""
        return Digits(self.images[:rows], self.digits[:rows])

    def after(self, rows: int) -> "Digits":
        """Return all rows but the first ones."""
        return Digits(self.images[rows:], self.digits[rows:])

    def to_csv(self) -> bytes:
        """Write a header, then a line per image: its pixels and its digit."""
        text = io.StringIO()
        text.write(",".join([f"pixel{i}" for i in range(64)] + ["label"]) + "\n")
        for image, digit in zip(self.images, self.digits, strict=True):
            text.write(",".join(f"{value:g}" for value in image) + f",{digit}\n")
        return text.getvalue().encode()


def load() -> tuple[Digits, Digits, Digits]:
    """Return the training rows and two test sets, in an order fixed once and for all."""
    images, digits = load_digits(return_X_y=True)
    order = np.random.default_rng(20190331).permutation(len(digits))
    images, digits = images[order], digits[order]
    middle = _TRAINING_ROWS + (len(digits) - _TRAINING_ROWS) // 2
    parts = (slice(_TRAINING_ROWS), slice(_TRAINING_ROWS, middle), slice(middle, None))
    training, first, second = (Digits(images[part], digits[part]) for part in parts)
    return training, first, second


def nearest_mean(training: Digits) -> ClassifierMixin:
    """Train a model that compares an image with the mean image of every digit."""
    # A faint noise, because a pixel that is never inked has no spread for scikit-learn to use.
    noise = np.random.default_rng(1).normal(scale=1e-6, size=training.images.shape)
    return NearestCentroid().fit(training.images + noise, training.digits)


def support_vectors(training: Digits, gamma: float) -> ClassifierMixin:
    """Train a support vector machine with a Gaussian kernel of width ``gamma``."""
    return SVC(gamma=gamma).fit(training.images, training.digits)


def to_file(model: ClassifierMixin) -> bytes:
    """Write a model as its project commits it."""
    file = io.BytesIO()
    joblib.dump(model, file, compress=3)
    return file.getvalue()
