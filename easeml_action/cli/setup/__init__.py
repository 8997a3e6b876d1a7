"""``easeml init``: from a repository with a model to one with a gate, and what is still missing.

`questions` asks, `terms` collects what the gate is to promise, `fit` knows what the rows are good
for, `texts` and `drafts` hold what will be written, `init` is the command that brings all together.
"""
