"""When two names may be one: pure rules for people and firms, in two alphabets and as they are mistyped."""
