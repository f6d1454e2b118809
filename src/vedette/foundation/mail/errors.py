"""Why a message did not leave."""


class MailError(Exception):
    """A message was not accepted; the text says why and what to do, in the current language.

    `permanent`: this message to this address will never be accepted, so trying again is no use.
    `retry_after`: the seconds that the other side asks to wait before the next try; None when it says nothing.
    """

    def __init__(
        self, explanation: str, *, permanent: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(explanation)
        self.explanation = explanation
        self.permanent = permanent
        self.retry_after = retry_after
