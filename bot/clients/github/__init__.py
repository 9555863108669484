"""The door to GitHub: reads a pull request as frozen values and posts on it. The only importer of PyGithub."""
