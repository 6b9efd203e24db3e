"""How much may be uploaded: a file that is too large becomes a sentence, not a full disk."""

import errno
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest

MEGABYTE = 10**6


class BoundedUpload(TemporaryFileUploadHandler):
    """Writes a file to the folder of temporary files until it is too large, or the folder full.

    Then the file is left out, the rest of it is passed over, and `refused` says why.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        if start + len(raw_data) > settings.LARGEST_UPLOADED_FILE:
            self._refuse(f"The file is larger than {settings.LARGEST_UPLOADED_FILE // MEGABYTE} MB")
        try:
            return super().receive_data_chunk(raw_data, start)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            self._refuse("There is no room left for the file. Try again in a few minutes")
        return None

    def file_complete(self, file_size: int) -> "UploadedFile[Any] | None":
        """What still waits to be written may find no room either."""
        try:
            return super().file_complete(file_size)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            self._note("There is no room left for the file. Try again in a few minutes")
            return None

    def _refuse(self, why: str) -> None:
        self._note(why)
        raise SkipFile

    def _note(self, why: str) -> None:
        assert self.request is not None  # noqa: S101  Django sets it before anything is read
        self.request.META[_KEY] = why


_KEY = "proviso.upload_refused"


def refused(request: HttpRequest) -> str:
    """Why a file of this request was left out, as a sentence without its full stop; "" for none."""
    return str(request.META.get(_KEY, ""))
