"""From a file to a released document: loading, screening, the shelf, the workspace."""
