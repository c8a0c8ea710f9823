# SPDX-License-Identifier: Apache-2.0
"""The audit log in the spellings that other programs read: one pure function for each, from one event to one line.

No function ends its line: JSON lines, CEF and syslog in a file end with LF, CSV with CRLF, syslog over a stream is
counted. Whatever a stranger wrote into a user agent or a label, a line stays one line and a value stays one value.
"""
