"""The post office: brings messages out; knows messages, not sales."""
