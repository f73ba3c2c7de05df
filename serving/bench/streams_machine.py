"""What a measurement does to the machine: memory of this process, its cores, a GPU's share."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

_QUERY = "--query-gpu=utilization.gpu,memory.used"
_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class MachineUse:
    """`cores` are those kept busy on average; GPU values are None where there is no GPU."""

    memory_bytes: int
    cores: float
    gpu_share: float | None
    gpu_memory_bytes: int | None


class MachineWatch:
    """Watches while its `with` block runs; `use` afterwards tells what it saw."""

    def __init__(self) -> None:
        self._gpu = shutil.which("nvidia-smi")
        self._shares: list[float] = []
        self._memory_bytes = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch_gpu, daemon=True)

    def __enter__(self) -> MachineWatch:
        self._started = (time.perf_counter(), time.process_time())
        if self._gpu is not None:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        wall_s = time.perf_counter() - self._started[0]
        self._cores = (time.process_time() - self._started[1]) / max(wall_s, 1e-9)
        self._done.set()
        if self._gpu is not None:
            self._thread.join()

    @property
    def gpu_samples(self) -> int:
        """How often the GPU has told its share."""
        return len(self._shares)

    @property
    def use(self) -> MachineUse:
        """What was seen."""
        seen = bool(self._shares)
        return MachineUse(
            memory_bytes=resident_bytes(),
            cores=self._cores,
            gpu_share=statistics.mean(self._shares) if seen else None,
            gpu_memory_bytes=self._memory_bytes if seen else None,
        )

    def _watch_gpu(self) -> None:
        while not self._done.is_set():
            command = [str(self._gpu), _QUERY, "--format=csv,noheader,nounits", "--id=0"]
            asked = subprocess.run(
                command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
            )
            share, _, mebibytes = asked.stdout.strip().partition(",")
            # A card that does not tell says [N/A].
            if share.strip().isdigit() and mebibytes.strip().isdigit():
                self._shares.append(int(share) / 100)
                self._memory_bytes = max(self._memory_bytes, int(mebibytes) * 1024**2)
            self._done.wait(_EVERY_S)


def resident_bytes() -> int:
    """Return the memory this process holds now."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
