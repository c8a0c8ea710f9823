# SPDX-License-Identifier: Apache-2.0
"""A service with a past, so that its console has something to show; and what each page costs then."""
