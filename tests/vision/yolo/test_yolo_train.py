"""Training through the real Ultralytics, in processes of their own; skipped where it is absent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
SRC = HERE.parents[2] / "src"
WITH = [find_spec(name) is not None for name in ("ultralytics", "torchvision")]
needs_ultralytics = pytest.mark.skipif(
    not all(WITH), reason='needs pip install "underdog[vision]"; make test-vision has it'
)

RUN = """
import json, socket, sys
from pathlib import Path
sys.path.insert(0, {here!r})
asked = []
def refuse(*args, **_):
    asked.append(repr(args[:2]))
    raise OSError("no network here")
socket.getaddrinfo = socket.create_connection = socket.socket.connect = refuse

from underdog.vision.yolo import hooks
from underdog.vision.yolo.settings import Augmentation, Execution, YoloConfig, YoloJob
from underdog.vision.yolo.train import train

out, data, model, patch, kill_after = sys.argv[1:]
if kill_after:
    import os, signal
    write = hooks.write_state
    def write_and_die(run, state):
        write(run, state)
        if state.epoch == int(kill_after):
            os.kill(os.getpid(), signal.SIGKILL)
    hooks.write_state = write_and_die
job = YoloJob(
    Path(data), model, Path(out),
    YoloConfig(epochs=3, batch=4, imgsz=64, nominal_batch=8),
    Augmentation(close_mosaic=1),
    Execution(device="cpu", patch=patch == "patch", threads=1),
)
said = []
result = train(job, say=said.append)
print(json.dumps({{"asked": asked, "said": said, "calls": result.convolutions,
                   "epochs": result.epochs, "best": str(result.best)}}))
"""


def run(
    home: Path,
    out: Path,
    data: Path,
    *,
    model: str = "yolov8n.yaml",
    patch: str = "",
    kill: str = "",
) -> subprocess.CompletedProcess[str]:
    home.mkdir(exist_ok=True)
    environment = os.environ | {"HOME": str(home), "PYTHONPATH": str(SRC), "OMP_NUM_THREADS": "1"}
    environment.pop("XDG_CACHE_HOME", None)
    script = RUN.format(here=str(HERE))
    return subprocess.run(
        [sys.executable, "-c", script, str(out), str(data), model, patch, kill],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=900,
    )


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def lines(out: Path) -> list[dict[str, Any]]:
    from underdog.runs.log import read_log
    from underdog.runs.metrics import effective_lines

    timed = ("elapsed_s", "samples_per_s")
    return [
        {key: value for key, value in line.items() if key not in timed}
        for line in effective_lines(read_log(out / "metrics.jsonl"))
        if line["kind"] in {"step", "chunk"}
    ]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sys.path.insert(0, str(HERE))
    from yolo_set import make_set

    return make_set(tmp_path_factory.mktemp("set") / "set")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, data: Path) -> tuple[Path, dict[str, Any]]:
    """One uninterrupted patched run."""
    root = tmp_path_factory.mktemp("whole")
    # A label cache is a pickle; this one would leave a trace.
    (data / "labels" / "train.cache").write_bytes(_bomb(root / "trace"))
    done = told(run(root / "home", root / "run", data, patch="patch"))
    return root, done


def _bomb(trace: Path) -> bytes:
    import pickle

    class Bomb:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(trace),)

    return pickle.dumps(Bomb())


@needs_ultralytics
def test_a_run_needs_no_network_no_home_and_runs_no_pickle(
    whole: tuple[Path, dict[str, Any]], data: Path
) -> None:
    """Not one name is looked up; the home folder stays empty; the data set stays as it was."""
    root, done = whole
    assert done["asked"] == []
    assert list((root / "home").iterdir()) == []
    assert not (root / "trace").exists()
    cache = data / "labels" / "train.cache"
    assert cache.read_bytes() == _bomb(root / "trace")
    assert [path for path in data.rglob("*.cache") if path != cache] == []
    assert any(sentence.startswith("Packages: torch") for sentence in done["said"])


@needs_ultralytics
def test_every_convolution_of_the_run_is_patched(whole: tuple[Path, dict[str, Any]]) -> None:
    """Training and validation; none is left to PyTorch."""
    _, done = whole
    assert set(done["calls"]) == {"Conv2d"}
    # Per epoch: two training and one validation batch through 64 convolutions.
    assert done["calls"]["Conv2d"] >= 3 * 3 * 64


@needs_ultralytics
def test_a_killed_run_ends_in_the_same_weights(
    whole: tuple[Path, dict[str, Any]], tmp_path: Path, data: Path
) -> None:
    """Kill -9 after the first epoch: weights, moments, averages and record equal to the bit."""
    import shutil

    import torch

    root, _ = whole
    out = tmp_path / "run"
    out.mkdir()
    # The choices of another machine's timings would be another run.
    shutil.copy(root / "run" / "choices.json", out / "choices.json")
    killed = run(tmp_path / "home", out, data, patch="patch", kill="0")
    assert killed.returncode == -signal.SIGKILL
    done = told(run(tmp_path / "home", out, data, patch="patch"))
    assert "Continuing after epoch 1" in done["said"]
    states = [
        torch.load(each / "states" / "epoch-000002.pt", weights_only=True)
        for each in (root / "run", out)
    ]
    for name in ("model", "average"):
        one, other = (state[name] for state in states)
        assert one.keys() == other.keys()
        assert all(torch.equal(one[key], other[key]) for key in one)
    assert lines(out) == lines(root / "run")


@needs_ultralytics
def test_weights_made_while_patched_load_without_underdog(
    whole: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """In a process that cannot import it, Ultralytics detects with them."""
    code = (
        "import sys; sys.modules['underdog'] = None\n"
        "from ultralytics import YOLO\n"
        "import numpy as np\n"
        f"model = YOLO({whole[1]['best']!r})\n"
        "print(model.names, len(model.predict(np.zeros((64, 64, 3), 'uint8'), verbose=False)))\n"
    )
    environment = os.environ | {"YOLO_CONFIG_DIR": str(tmp_path), "YOLO_OFFLINE": "1"}
    environment |= {"YOLO_AUTOINSTALL": "0", "MPLCONFIGDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert "{0: 'wide', 1: 'tall'} 1" in done.stdout, done.stderr[-2000:]


@needs_ultralytics
def test_the_runs_detector_finds_the_same_as_its_weights_file(
    whole: tuple[Path, dict[str, Any]], data: Path
) -> None:
    """From the state, which nothing is unpickled for, and from the .pt file a user names."""
    import numpy as np

    from underdog.vision.detection.folder import image_files
    from underdog.vision.yolo.detect import DetectConfig, detecting

    config = DetectConfig(imgsz=64, device="cpu", confidence=1e-6)
    images = image_files(data, "val")
    found = []
    for source in (whole[0] / "run", Path(whole[1]["best"])):
        with detecting(source, config) as detector:
            found.append(list(detector(images)))
    assert len(found[0]) == len(images)
    for exact, half in zip(*found, strict=True):
        assert len(exact.scores) == len(half.scores) > 0
        # The file's weights are rounded to half precision.
        np.testing.assert_allclose(exact.scores[:5], half.scores[:5], rtol=0.05)


@needs_ultralytics
def test_a_model_that_would_have_to_be_downloaded_is_refused(tmp_path: Path, data: Path) -> None:
    """A .pt file that is not here, and an architecture that Ultralytics does not bring."""
    for model, said in (("yolov8n.pt", "none is downloaded"), ("yolov99n.yaml", "yolov8n.yaml")):
        done = run(tmp_path / "home", tmp_path / model, data, model=model)
        assert done.returncode != 0
        assert said in done.stderr


@pytest.mark.skipif(WITH[0], reason="Ultralytics is installed here")
def test_without_the_extra_the_message_names_the_install_line(tmp_path: Path) -> None:
    """And nothing but an empty run folder is left."""
    sys.path.insert(0, str(HERE))
    from yolo_set import make_set

    made = make_set(tmp_path / "set", train=2, val=2)
    done = subprocess.run(
        [sys.executable, "-m", "underdog", "vision", "train", "--data", str(made), "--out", "run"],
        env=os.environ | {"PYTHONPATH": str(SRC)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert 'pip install "underdog[vision]"' in done.stderr
