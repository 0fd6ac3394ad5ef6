"""What all records have: add, edit, remove, links, defaults, stages, attachments."""
