#!/usr/bin/env python
"""Predict handwritten digits: evaluate_model.py FEATURES PREDICTIONS."""

import sys
from pathlib import Path

import joblib
import numpy as np


def main(features_path: str, predictions_path: str) -> None:
    """Read one image (64 grey values, 0 to 16) per line, write one digit per line."""
    images = np.loadtxt(features_path, delimiter=",", skiprows=1, ndmin=2)
    model = joblib.load(Path(__file__).parent / "model.joblib")
    digits = model.predict(images)
    Path(predictions_path).write_text("\n".join(str(digit) for digit in digits) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
