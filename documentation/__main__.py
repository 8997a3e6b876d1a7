"""``python -m documentation``: writes into docs/ what comes from the code."""

from documentation.errors import write_errors

write_errors()
