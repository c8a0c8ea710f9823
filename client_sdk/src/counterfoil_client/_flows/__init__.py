# SPDX-License-Identifier: Apache-2.0
"""Every conversation with the service as a generator that does no I/O; the retry policy lives here and nowhere else."""

from counterfoil_client._flows.cancel import cancel_login
from counterfoil_client._flows.channel import Channel
from counterfoil_client._flows.login import OpenLogin
from counterfoil_client._flows.redeem import redeem_code
from counterfoil_client._flows.refresh import refresh_session
from counterfoil_client._flows.revoke import revoke_session
from counterfoil_client._flows.start import LoginWish, start_login
from counterfoil_client._flows.submit_code import submit_code
from counterfoil_client._flows.wait import OnProgress, wait_for_session

__all__ = [
    "Channel",
    "LoginWish",
    "OnProgress",
    "OpenLogin",
    "cancel_login",
    "redeem_code",
    "refresh_session",
    "revoke_session",
    "start_login",
    "submit_code",
    "wait_for_session",
]
