"""How long hypothesis searches: briefly by default, long with HYPOTHESIS_PROFILE=proof (`make proof`)."""

import os

from hypothesis import HealthCheck, settings

# Figures of time belong to benchmarks/: a slow machine is no failing test.
settings.register_profile("default", deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("proof", parent=settings.get_profile("default"), max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
