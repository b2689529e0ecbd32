"""Prepared statements, under the name by which the queue's services know them."""

from accounts.prepared import Prepared, first_row, rows_changed

__all__ = ["Prepared", "first_row", "rows_changed"]
