"""The verbs: what a salesperson can do. First argument always the workspace."""
