"""How things look to people, whatever the door: columns, cells, events, boards and changes in words."""
