"""Message templates: the centre's own wording of alerts, its preview, and the page that edits it."""
