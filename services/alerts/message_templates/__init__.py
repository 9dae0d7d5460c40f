"""Message templates are the centre's own wording of messages.

This package also has the preview of templates and the page that edits templates.
"""
