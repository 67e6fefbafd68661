"""Is never imported to the end."""

import threading

threading.Event().wait()
