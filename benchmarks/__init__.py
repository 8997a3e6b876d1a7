"""Measurements, as ratios taken in one run: absolute times of a shared machine mean little."""
