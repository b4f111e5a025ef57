"""Tests of the web once more, with the documented permissions and nothing else."""

from tests.web.test_api_uploads_tus import *  # noqa: F403
from tests.web.test_folders import *  # noqa: F403
from tests.web.test_repair_services import *  # noqa: F403
from tests.web.test_services_history import *  # noqa: F403
