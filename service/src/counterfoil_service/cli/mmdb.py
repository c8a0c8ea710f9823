# SPDX-License-Identifier: Apache-2.0
"""What `doctor` says of a file that knows places: whether it opens, what it is, and whether it has grown old."""

import datetime as dt
from pathlib import Path
from typing import Literal

from counterfoil_service.core.place import cleaned
from counterfoil_service.web.places import INSTALL, open_mmdb

OLD_DAYS = 60
"""Publishers bring out a new one each month or more often; networks change hands meanwhile."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def check_file(path: Path, now: dt.datetime) -> tuple[Literal["ok", "warning", "error"], str]:
    """The verdict and a sentence with its way out."""
    try:
        with open_mmdb(path) as reader:
            metadata = reader.metadata()
        kind = cleaned(metadata.database_type) or "of an unnamed kind"
        built = _EPOCH + dt.timedelta(seconds=metadata.build_epoch)
    except ImportError:
        return "error", f"maxminddb is not installed, so no places are shown; {INSTALL}"
    except OSError as error:
        return "error", f"{path} cannot be read ({error.strerror or error}); check its path and permissions"
    except Exception as error:  # noqa: BLE001 - a damaged file raises anything
        return "error", f"{path} is no MMDB file or is damaged ({type(error).__name__}); fetch it anew"
    age = (now - built).days
    if age > OLD_DAYS:
        return "warning", f"{path} is {kind}, built {built:%Y-%m-%d}, {age} days ago; fetch a newer one"
    return "ok", f"{path} is {kind}, built {built:%Y-%m-%d}"
