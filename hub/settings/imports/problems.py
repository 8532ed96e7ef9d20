"""What keeps a whole file from being read; single rows have errors of their own."""


class FileRefused(Exception):
    """The file cannot be imported; the text says what was found and what to do. Nothing changed."""
