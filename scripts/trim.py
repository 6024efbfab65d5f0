"""Packaging: which files of the installed dependencies a Lambda zip leaves out.

In: a path inside the dependency folder. Out: keep it or not. Only what no import and no run of ours needs is left out:
`tests/infra/test_package.py` imports the handlers and parses the dbt project with nothing but the zip on the path.
"""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import PurePosixPath

# The services that the two functions call; botocore carries a model for every other one, 25 MB of them.
AWS_SERVICES = frozenset(
    {
        "dynamodb",  # the transform lease
        "events",
        "lambda",  # reconcile calls itself where a night is not enough, and asks the transform function
        "redshift",  # redshift_connector: GetClusterCredentials
        "redshift-data",
        "redshift-serverless",  # redshift_connector: GetCredentials
        "s3",
        "secretsmanager",
        "sns",
        "sqs",
        "stepfunctions",
        "sts",
    }
)

# agate formats numbers with Babel's default locale; each other locale is data alone.
LOCALES = frozenset({"root.dat", "en.dat", "en_US.dat", "en_US_POSIX.dat", "LICENSE.unicode"})

UNUSED = (
    # made by pip: console scripts with the builder's paths, and the list of what it installed
    "bin/*",
    "*.dist-info/RECORD",
    "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED",
    "*.dist-info/direct_url.json",
    # for compiling and type checking against a package
    "*.pyi",
    "*.pxd",
    "*.pyx",
    "*.pxi",
    "*.h",
    "*.hpp",
    "*.cc",
    "*.whl",
    "*/__pycache__/*",
    "pyarrow/include/*",
    "pyarrow/includes/*",
    "pyarrow/src/*",
    # packages' own tests, named one by one: dbt keeps macros that it needs in a folder called tests
    "test/*",
    "pyarrow/tests/*",
    "networkx/*tests/*",
    # pyarrow: flight (RPC) and its own S3 client; objects are read by range through boto3
    "pyarrow/*flight*",
    "pyarrow/libarrow_s3*",
    "pyarrow/_s3fs*",
    "pyarrow/_gcsfs*",
    "pyarrow/_azurefs*",
    "pyarrow/_hdfs*",
    "pyarrow/_pyarrow_cpp_tests*",
    # pyarrow: a wheel has no symbolic links, so each library is in it three times; the soname is what is loaded
    "pyarrow/*.so.*.*",
    "pyarrow/libarrow_python*.so",
    # boto3's resource examples
    "boto3/examples/*",
    # lxml: redshift_connector reads a login page with its parser, and nothing else of it
    "lxml/includes/*",
    "lxml/objectify*",
    "lxml/isoschematron/*",
)


def is_kept(path: PurePosixPath) -> bool:
    """Tell whether a dependency's file belongs in the zip.

    >>> is_kept(PurePosixPath("pyarrow/libarrow.so.2600"))
    True
    >>> is_kept(PurePosixPath("pyarrow/tests/test_fs.py"))
    False
    >>> is_kept(PurePosixPath("dbt/include/global_project/macros/materializations/tests/helpers.sql"))
    True
    >>> is_kept(PurePosixPath("botocore/data/ec2/2016-11-15/service-2.json.gz"))
    False
    """
    text = str(path)
    if any(fnmatch(text, pattern) for pattern in UNUSED):
        return False
    if fnmatch(text, "botocore/data/*/*"):
        return path.parts[2] in AWS_SERVICES
    if fnmatch(text, "babel/locale-data/*"):
        return path.name in LOCALES
    return True
