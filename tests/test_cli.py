"""The command line: what it writes, what it says, and how it fails."""

import re
import subprocess
import sys

import numpy as np
import pytest

import fastneuron as fn
from fastneuron.cli import docs, main
from fastneuron.cli.info import simd

SMALL = ["simulate", "--neurons", "20", "--duration", "100"]


def test_simulate_writes_what_the_library_returns(tmp_path, capsys):
    out = tmp_path / "run.npz"
    command = [*SMALL, "--preset", "snic", "--current", "40:120", "--set", "V3=10:14", "--set", "phi=0.07"]
    assert main([*command, "--initial", "V=-40", "--record", "V,N", "--every", "10", "--out", str(out)]) == 0
    model = fn.MorrisLecar.snic(V3=np.linspace(10, 14, 20), phi=0.07)
    current = np.linspace(40, 120, 20)
    run = fn.simulate(model, 100.0, current=current, initial={"V": -40.0}, record=("V", "N"), every=10)
    saved = np.load(out)
    expected = {
        "spike_count": run.spike_count,
        "spike_neuron": run.spikes.neuron,
        "spike_time": run.spikes.time,
        "time": run.time,
        "trace_V": run["V"],
        "trace_N": run["N"],
        "final_V": run.state["V"],
        "current": current,
        "parameter_V3": model.V3,
        "parameter_g_Ca": 4.0,
    }
    for name, value in expected.items():
        np.testing.assert_array_equal(saved[name], value, err_msg=name)
    assert saved["model"] == "MorrisLecar"
    said = capsys.readouterr().out
    assert f"spikes      {run.spikes.size:,}" in said
    assert f"mean rate   {run.rate.mean():.2f} Hz" in said
    assert re.search(r"speed +[\d.]+ million neuron-steps/s", said)


@pytest.mark.parametrize("method", ["dop853", "tsit5"])
def test_an_adaptive_method_has_no_grid(method, tmp_path, capsys):
    """The duration had to be a multiple of dt, and a number of steps was told that nobody had counted."""
    out = tmp_path / "run.npz"
    assert main([*SMALL[:3], "--duration", "100.02", "--method", method, "--out", str(out)]) == 0
    run = fn.simulate(fn.MorrisLecar(), 100.02, current=np.zeros(20), method=method)
    np.testing.assert_array_equal(np.load(out)["final_V"], run.state["V"])
    assert re.search(r"speed +[\d.]+ neuron-seconds/s", capsys.readouterr().out)


def test_normal_values_follow_the_seed(tmp_path):
    def drawn(seed):
        assert main([*SMALL, "--set", "V3=2+-0.5", "--seed", seed, "--out", str(tmp_path / "run.npz")]) == 0
        return np.load(tmp_path / "run.npz")["parameter_V3"]

    np.testing.assert_array_equal(drawn("1"), np.random.default_rng(1).normal(2.0, 0.5, 20))
    np.testing.assert_array_equal(drawn("1"), drawn("1"))
    assert not np.array_equal(drawn("1"), drawn("2"))


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_simulate_draws(tmp_path, suffix):
    figure = tmp_path / f"run.{suffix}"
    assert main([*SMALL, "--current", "80:130", "--plot", str(figure)]) == 0
    assert figure.stat().st_size > 3000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "morris-lekar"], r"--model must be one of .*; got 'morris-lekar'; did you mean 'morris-lecar'\?"),
        (["--preset", "hop"], r"--preset must be one of .*; got 'hop'; did you mean 'hopf'\?"),
        (["--method", "rk5"], r"method must be one of .*; got 'rk5'; did you mean 'rk4'\?"),
        (["--set", "V3"], "--set takes NAME=VALUE"),
        (["--set", "V3=1", "--set", "V3=2"], "--set must name V3 at most once; got it again in 'V3=2'"),
        (["--initial", "V"], "--initial takes NAME=VALUE"),
        (["--every", "5"], "every is for runs that sample states"),
        (
            ["--neurons", "10000000000000"],
            "--neurons must fit into the memory that is left, .*; got 1000",
        ),
        (["--out", "{folder}.npz"], "--out must be a file that can be written; got .*Is a directory"),
        (["--set", "v3=1"], "did you mean 'V3'"),
        (["--set", "V4=0"], "V4 must be other than 0; got 0.0"),
        (["--set", "C=-1:1"], "C must be positive; got -1.0 at neuron 0"),
        (["--initial", "W=0"], "a state in initial for MorrisLecar must be one of 'V', 'N'; got 'W'"),
        (["--current", "80:x"], "--current must be a number, LOW:HIGH .*; got '80:x'"),
        (["--current", "nan"], "current must be finite"),
        (["--neurons", "0"], "--neurons must be a whole number of at least 1; got 0"),
        (["--neurons", "many"], "invalid int value: 'many'"),
        (["--dt", "0.3"], "duration must be a multiple of dt"),
        (["--dt", "0"], "dt must be a positive number of ms"),
        (["--record", "V,U"], "record must be one of 'V', 'N', 'I'; got 'U'"),
        (["--threads", "0"], "threads must be a whole number of at least 1; got 0"),
        (["--out", "run.txt"], "--out must end in .npz; got 'run.txt'"),
        (["--out", "no/such/folder/run.npz"], "--out must be in a folder that exists"),
        (["--plot", "run.doc"], "--plot must end in .*.png.*; got 'run.doc'"),
        (["--dt", "50", "--current", "100"], "neuron 0 blew up"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
    ],
)
def test_errors_are_one_line_and_exit_code_2(arguments, message, capsys, tmp_path):
    folder = tmp_path / "a folder"
    folder.with_suffix(".npz").mkdir()
    try:
        code = main([*SMALL, *(argument.format(folder=folder) for argument in arguments)])
    except SystemExit as end:  # argparse's own
        code = end.code
    told = capsys.readouterr()
    assert code == 2
    assert re.search(message, told.err)
    assert re.fullmatch(r"fastneuron[^\n]*: error: [^\n]+\n", told.err)
    assert told.out == ""


def test_interruption_is_no_traceback(monkeypatch, capsys):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("fastneuron.cli.simulate.simulate", interrupted)
    assert main(SMALL) == 130
    assert capsys.readouterr().err == "fastneuron: interrupted\n"


def test_docs_lists_pages_and_prints_one(monkeypatch, tmp_path, capsys):
    pages = {"methods": "# Methods, and which to choose\n\nAn adaptive one.\n", "units": "# Units\n"}
    for name, text in pages.items():
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    monkeypatch.setattr(docs, "GUIDE", tmp_path)
    assert main(["docs"]) == 0
    assert capsys.readouterr().out == "methods  Methods, and which to choose\nunits    Units\n"
    assert main(["docs", "methods"]) == 0
    assert capsys.readouterr().out == pages["methods"]
    assert main(["docs", "method"]) == 2
    message = "PAGE must be one of 'methods', 'units'; got 'method'; did you mean 'methods'?"
    assert capsys.readouterr().err == f"fastneuron: error: {message}\n"


def test_every_model_has_a_name(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["simulate", "--help"])
    assert "morris-lecar" in capsys.readouterr().out


def test_module_and_version():
    command = [sys.executable, "-m", "fastneuron", "--version"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == [
        "fastneuron",
        fn.__version__,
    ]


@pytest.mark.slow
def test_info(capsys):
    assert main(["info"]) == 0
    said = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert said["fastneuron"] == fn.__version__
    assert said["numpy"] == np.__version__
    assert int(said["cores"].split()[0]) >= 1


@pytest.mark.slow
def test_the_kernel_is_vectorised():
    width = re.match(r"\d+", simd())
    assert width, "no packed double arithmetic in the kernel"
    assert int(width[0]) >= 2


@pytest.mark.slow
def test_benchmark_agrees_with_its_rivals(capsys):
    assert main(["benchmark", "--neurons", "64", "--rounds", "1"]) == 0
    said = capsys.readouterr().out
    errors = {line[:24].strip(): float(value) for line in said.splitlines() for value in re.findall(r"(\S+) mV", line)}
    assert {name.split(",")[0] for name in errors} >= {"fastneuron"}
    assert all(re.search(name, said) for name in ("plain Numba", "DOP853", "RK45", "2 threads|1 thread"))
    assert max(error for name, error in errors.items() if name.startswith(("fastneuron, dt 0.05", "plain"))) < 1e-6
    assert max(errors.values()) < 0.1
