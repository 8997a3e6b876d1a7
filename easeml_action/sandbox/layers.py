"""The layers that hold a command, by the names that users know them by.

Each is verified in the process that it holds, just before the command starts there.
"""

from typing import Final, Literal, get_args

Layer = Literal["user", "limits", "no-new-privileges", "landlock", "seccomp"]

# In the order in which they are put in force: each later one takes away what an earlier one needs.
LAYERS: Final[tuple[Layer, ...]] = get_args(Layer)
