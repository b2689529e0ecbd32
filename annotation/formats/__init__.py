"""Bytes to rows and back: the formats of bulk input and of exports. Pure, streaming, constant memory."""
