"""The way of an uploaded file through Django: straight to its place in pieces, never whole in memory."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http import HttpRequest

from vedette.scans import uploads
from vedette.scans.uploads import Incoming, Received, UploadError

FIELD: Final = "file"
LAST_FIELD: Final = "whole"
"""Stands behind the file in the form: where it is missing, the connection broke before the file was whole."""
AT_ONCE: Final = 3
"""Uploads that this process takes at a time: each holds one of the console's eight threads."""
_DRAINED: Final = 4
"""A file of up to so many times the limit is read to its end, so that the browser shows our answer."""
_places = threading.BoundedSemaphore(AT_ONCE)


class Handler(FileUploadHandler):
    """Takes the first file of the form; `problem` says why there is none."""

    def __init__(self, request: HttpRequest) -> None:
        """Begin with nothing."""
        super().__init__(request)
        self.problem: UploadError | None = None
        self.received: Received | None = None
        self._incoming: Incoming | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Open the file's place. SkipFile for any other field or a second file."""
        super().new_file(*args, **kwargs)
        if self.field_name != FIELD or self.received or self.problem:
            raise SkipFile
        try:
            self._incoming = Incoming()
        except UploadError as error:
            self._stop(error)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002 - Django's signature
        """Write a piece."""
        assert self._incoming is not None
        try:
            self._incoming.write(raw_data)
        except UploadError as error:
            self._stop(error)

    def file_complete(self, file_size: int) -> UploadedFile:
        """Close the file."""
        assert self._incoming is not None
        try:
            self.received = self._incoming.finish()
        except UploadError as error:
            self._stop(error)
        self._incoming = None
        return UploadedFile(io.BytesIO(), self.file_name, self.content_type, file_size)

    def upload_interrupted(self) -> None:
        """Keep nothing of what did not come to its end."""
        self.leave()

    def take(self) -> Received | None:
        """Hand over the file; whoever takes it deletes it."""
        received, self.received = self.received, None
        return received

    def leave(self) -> None:
        """Delete what nobody took."""
        if self._incoming is not None:
            self._incoming.abandon()
            self._incoming = None
        if received := self.take():
            received.discard()

    def _stop(self, error: UploadError) -> None:
        self.problem, self._incoming = error, None
        request = self.request
        assert request is not None
        claimed = int(request.META.get("CONTENT_LENGTH") or 0)
        raise StopUpload(connection_reset=claimed > _DRAINED * uploads.most_bytes())


class Busy(Exception):  # noqa: N818 - a refusal, told to the person
    """Too many uploads at once."""


@contextmanager
def receiving(request: HttpRequest) -> Iterator[Handler]:
    """Let a handler take the request's file; what is not taken from it is deleted at the end. Raises Busy."""
    if not _places.acquire(blocking=False):
        raise Busy
    handler = Handler(request)
    try:
        request.upload_handlers = [handler]
        yield handler
    finally:
        handler.leave()
        _places.release()
