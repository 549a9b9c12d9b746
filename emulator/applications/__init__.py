"""Applications: their manifests, the files of their versions, installing and upgrading, references."""
