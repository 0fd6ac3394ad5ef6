"""settings.yaml, pipelines.yaml, views.yaml and the block list, read."""
