# SPDX-License-Identifier: Apache-2.0
"""What this machine is like, as keyed digests: evidence beside the device key, and never a credential [R101].

Raw values stay in this process [R102]. Nothing here starts a program [R108], and what cannot be read is absent [R107].
"""
