# SPDX-License-Identifier: BSD-2-Clause
"""Health checks for the WhatsApp Business On-Premises client."""

__version__ = "0.1.0"
