"""Lambda workers have what AWS Lambda has, and lack what it lacks (patches bare_runtime and worker_stdout)."""

from pathlib import Path

import pytest

from tests.support.lambdas import create_function, invoke, log_lines, unique, zip_of
from tests.support.local_stack import LocalServices
from tests.support.waiting import wait_for


def test_a_package_missing_from_the_zip_is_missing_at_run_time(local_aws: LocalServices) -> None:
    function = create_function(
        local_aws,
        """
        import importlib.util
        def handler(event, context):
            return [name for name in event if importlib.util.find_spec(name)]
        """,
    )
    names = ["json", "boto3", "botocore", "yaml", "ministack", "local", "pyarrow", "pip"]
    assert invoke(local_aws, function, names) == ["json"]


@pytest.mark.parametrize("what", ["Lock()", "Semaphore()", "Queue()", "Pool(1)"])
def test_semaphores_cannot_be_made_as_on_lambda(local_aws: LocalServices, what: str) -> None:
    function = create_function(
        local_aws,
        f"""
        import multiprocessing, subprocess, sys
        def handler(event, context):
            code = "import multiprocessing; multiprocessing.{what}"
            child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
            try:
                multiprocessing.{what}
            except OSError as error:
                return [error.errno, child.stderr.splitlines()[-1]]
        """,
    )
    assert invoke(local_aws, function) == [38, "OSError: [Errno 38] Function not implemented"]


def test_processes_and_pipes_work_as_on_lambda(local_aws: LocalServices) -> None:
    function = create_function(
        local_aws,
        """
        import multiprocessing
        def child(end):
            end.send("from the child")
        def handler(event, context):
            here, there = multiprocessing.Pipe()
            process = multiprocessing.get_context("fork").Process(target=child, args=(there,))
            process.start()
            return here.recv()
        """,
    )
    assert invoke(local_aws, function) == "from the child"


def test_a_child_process_may_use_standard_input_and_output(local_aws: LocalServices) -> None:
    function = create_function(
        local_aws,
        """
        import os, subprocess
        def handler(event, context):
            child = subprocess.run(["cat"], timeout=15)
            subprocess.run(["sh", "-c", 'for i in $(seq 500); do echo "{\\\\"status\\\\": $i}"; done'])
            os.write(1, b"written to descriptor 1\\n")
            return child.returncode
        """,
    )
    assert [invoke(local_aws, function) for _ in range(2)] == [0, 0]
    lines = wait_for(lambda: log_lines(local_aws, function), "the log")
    assert lines.count('{"status": 500}') == 2
    assert lines.count("written to descriptor 1") == 2


def test_nothing_of_the_developers_shell_reaches_a_function(local_aws: LocalServices) -> None:
    function = create_function(
        local_aws,
        """
        import os, pathlib
        def handler(event, context):
            return [sorted(os.environ), list(map(str, pathlib.Path.home().glob(".*")))]
        """,
    )
    names, hidden_files_at_home = invoke(local_aws, function)
    assert not [name for name in names if name.startswith(("LANDFALL_TEST", "VIRTUAL_ENV", "PYTEST", "PYTHONPATH"))]
    assert hidden_files_at_home == []
    assert {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_REDSHIFT_DATA", "AWS_REGION", "LAMBDA_TASK_ROOT"} <= set(names)


def test_workers_of_the_same_code_share_what_is_unpacked_of_it(local_aws: LocalServices) -> None:
    told = """
    import os
    def handler(event, context):
        return [os.path.realpath(os.environ["LAMBDA_TASK_ROOT"]), os.listdir(os.environ["LAMBDA_TASK_ROOT"])]
    """
    first, again = (invoke(local_aws, create_function(local_aws, told)) for _ in range(2))
    assert again == first
    others = [invoke(local_aws, create_function(local_aws, f"{told}\n    # {number}")) for number in range(6)]
    assert len({place for place, _ in [first, *others]}) == 7
    assert {name for _, names in [first, *others] for name in names if name != "__pycache__"} == {"module.py"}
    assert all(Path(place).is_dir() for place, _ in [first, *others])  # as long as a worker may come back to it


WRITES = """
import importlib.util, os, pathlib
FOLDER = pathlib.Path(os.environ["LAMBDA_TASK_ROOT"])
def handler(event, context):
    for name, text in event.items():
        with (FOLDER / name).open("a") as file:
            file.write(text)
    found = [name for name in ("helper", "package.inner") if importlib.util.find_spec(name)]
    return [found, (FOLDER / "module.py").read_text().count("#" + " changed"), sorted(os.listdir(FOLDER / "package"))]
"""


@pytest.mark.parametrize("written", ["helper.py", "package/inner.py", "module.py"])
def test_what_a_function_writes_into_its_code_is_not_there_for_those_that_start(
    local_aws: LocalServices, written: str
) -> None:
    client = local_aws.client("lambda")
    files = {"module.py": f"{WRITES}# of {written}", "package/__init__.py": ""}
    functions = [create_function(local_aws, "") for _ in range(2)]
    for function in functions:
        client.update_function_code(FunctionName=function, ZipFile=zip_of(files))
    text = "# changed"
    invoke(local_aws, functions[0], {written: text})
    found, changed, listed = invoke(local_aws, functions[1], {})
    assert (found, changed, [name for name in listed if name != "__pycache__"]) == ([], 0, ["__init__.py"])


def test_a_function_runs_the_code_that_it_was_given_last(local_aws: LocalServices) -> None:
    source = "def handler(event, context): return {}"
    function = create_function(local_aws, source.format(1))
    client = local_aws.client("lambda")
    told = []
    for version in (1, 2, 1):  # the bytes of the first are still unpacked
        client.update_function_code(FunctionName=function, ZipFile=zip_of({"module.py": source.format(version)}))
        told.append(invoke(local_aws, function))
    assert told == [1, 2, 1]


def test_the_code_of_a_function_with_layers_is_its_own(local_aws: LocalServices) -> None:
    told = """
    import os
    from layered import WORD
    def handler(event, context):
        return [WORD, os.path.realpath(os.environ["LAMBDA_TASK_ROOT"])]
    """
    client = local_aws.client("lambda")
    layer = client.publish_layer_version(
        LayerName=unique("layer"), Content={"ZipFile": zip_of({"python/layered.py": "WORD = 'of the layer'"})}
    )["LayerVersionArn"]
    functions = [create_function(local_aws, told) for _ in range(2)]
    for function in functions:
        client.update_function_configuration(FunctionName=function, Layers=[layer])
    (word, one), (again, other) = (invoke(local_aws, function) for function in functions)
    assert word == again == "of the layer"
    assert one != other
