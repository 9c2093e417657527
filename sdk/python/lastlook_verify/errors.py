"""The one way in which anything here says no."""


class Refused(Exception):
    """A check failed. ``code`` is the specification's; ``message`` is for people and may change."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
