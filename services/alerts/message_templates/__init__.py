"""Message templates are the centre's own wording of messages.

This package also has their preview and the page that edits them.
"""
