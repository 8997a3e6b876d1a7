"""What the documents take from the code: the texts of errors, the reference, the recording."""
