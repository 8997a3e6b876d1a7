"""A developer who learns nothing but the verdicts, and overfits the test set through them."""

import numpy as np
from numpy.typing import NDArray


class Attacker:
    """Climbs on the verdicts alone: probes at random, and submits the vote of its probes.

    Every prediction is drawn without a look at a label, so the true accuracy of every model on
    labels that are fair coins is exactly one half, however it was chosen. On the rows of the test
    set its accuracy is whatever the verdicts let the attack make of it.

    Parameters
    ----------
    rows
        Rows of the test set.
    rng
        Where chance comes from.
    """

    def __init__(self, rows: int, rng: np.random.Generator) -> None:
        self.rng = rng
        self.votes = np.zeros(rows)
        self.probing = False

    def submit(self) -> NDArray[np.bool_]:
        """Return the predictions of the next model: a fresh probe, or what overfits most."""
        self.probing = not self.probing
        noise = self.rng.normal(size=self.votes.size)
        self.guess = noise > 0 if self.probing else self.votes + 0.1 * noise > 0
        return self.guess

    def learn(self, liked: bool) -> None:
        """Take the verdict on the last model into account: a probe, or the opposite of one."""
        if self.probing or not liked:
            self.votes += (2.0 * self.guess - 1) * (1 if liked else -1)
