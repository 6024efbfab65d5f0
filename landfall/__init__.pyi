__all__: list[str]

from landfall.api import ConfigError as ConfigError
from landfall.api import FileLine as FileLine
from landfall.api import GateLine as GateLine
from landfall.api import GateReport as GateReport
from landfall.api import Reconciliation as Reconciliation
from landfall.api import Replay as Replay
from landfall.api import Run as Run
from landfall.api import Score as Score
from landfall.api import Stack as Stack
from landfall.api import Status as Status
from landfall.api import TransientError as TransientError
from landfall.api import Undo as Undo
from landfall.api import UnsuccessfulError as UnsuccessfulError
from landfall.api import Upload as Upload
from landfall.api import connect as connect
from landfall.api import connect_local as connect_local
from landfall.api import gates as gates
from landfall.api import history as history
from landfall.api import query as query
from landfall.api import reconcile as reconcile
from landfall.api import replay as replay
from landfall.api import replay_rejected as replay_rejected
from landfall.api import status as status
from landfall.api import transform as transform
from landfall.api import undo as undo
from landfall.api import upload as upload
