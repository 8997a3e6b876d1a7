"""Set a variable of the job by a workflow command in the log."""


def attempt(targets, secret):
    print("::set-env name=HOSTILE::1")
    print("  ::add-path::/tmp/hostile")
    print("##[set-env name=HOSTILE;]1")
