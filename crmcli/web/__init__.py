"""The web door: pages of forms, and taking in what is sent by them."""
