"""Do input and output past the filter of system calls, by io_uring."""

import ctypes

IO_URING_SETUP = 425


def attempt(targets, secret):
    parameters = ctypes.create_string_buffer(120)
    return ctypes.CDLL(None).syscall(IO_URING_SETUP, 1, parameters) >= 0
