"""imports requests and keeps a session of its own"""

import requests

from tests.contract import toy

SESSION = requests.Session
globals().update({name: getattr(toy, name) for name in dir(toy) if name.startswith("hub_")})
