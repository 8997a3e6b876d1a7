#!/usr/bin/env python3
"""Say whether the sum of two numbers is odd: predict.py FEATURES PREDICTIONS."""

import csv
import sys
from pathlib import Path

with Path(sys.argv[1]).open(newline="") as features, Path(sys.argv[2]).open("w") as predictions:
    for row in csv.DictReader(features):
        print((int(row["first"]) + int(row["second"])) % 2, file=predictions)
