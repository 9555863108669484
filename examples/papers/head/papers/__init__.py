"""Papers keeps a workspace's documents."""
