"""The door of a full screen: the board. The only home of Textual."""
